import { describe, expect, it } from 'vitest';
import { parseProcNetTcp } from './listening-ports.js';

const TEXT = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:2694 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 21 1
   1: 00000000:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 22 1
   2: 0100007F:2694 0100007F:9C40 01 00000000:00000000 00:00000000 00000000  1000        0 23 1
  sl  local_address                         remote_address                        st tx_queue rx_queue
   0: 00000000000000000000000000000000:0BB8 00000000000000000000000000000000:0000 0A 00000000:00000000
   1: 00000000000000000000000000000000:1000 00000000000000000000000000000000:0000 0A 00000000:00000000
`;

describe('parseProcNetTcp', () => {
  it('lists each listening port of both families once', () => {
    expect(parseProcNetTcp(TEXT)).toEqual([3000, 4096, 9876]);
  });

  it('leaves connections out', () => {
    expect(parseProcNetTcp(TEXT.replaceAll(' 0A ', ' 01 '))).toEqual([]);
  });
});
