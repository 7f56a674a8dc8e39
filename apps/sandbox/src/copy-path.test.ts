import { describe, expect, it } from 'vitest';
import { parseCopy, parseCopyPath } from './copy-path.js';

describe('sandbox cp', () => {
  it.each([
    ['web:/etc/hosts', { side: 'sandbox', name: 'web', path: '/etc/hosts' }],
    [':/etc/hosts', { side: 'sandbox', name: undefined, path: '/etc/hosts' }],
    ['my-web.2:/a b:c', { side: 'sandbox', name: 'my-web.2', path: '/a b:c' }],
    ['./web:/etc', { side: 'here', path: './web:/etc' }],
    ['web:relative', { side: 'here', path: 'web:relative' }],
    ['/etc/hosts', { side: 'here', path: '/etc/hosts' }],
    ['file', { side: 'here', path: 'file' }],
  ])('reads %s', (text, path) => expect(parseCopyPath(text)).toEqual(path));

  it('wants one side here and one in a sandbox', () => {
    expect(parseCopy('a', 'web:/a').target.side).toBe('sandbox');
    expect(() => parseCopy('a', 'b')).toThrow('Neither path is in a sandbox');
    expect(() => parseCopy('web:/a', ':/b')).toThrow('Both paths are in a sandbox');
  });
});
