import { expect, it } from 'vitest';
import { createProgressParser } from './build-progress.js';

/** As the BuildKit of Docker 20.10 prints it; buildx leaves out the lines with a digest. */
const OUTPUT = `#1 [internal] load remote build context
#1 sha256:b5500c9f766aa63e3ed2197d5c1c3a5842036cc57fa2a7bd2ffc0503cd1eb69b
#1 DONE 0.0s

#4 [1/3] FROM docker.io/library/node:24
#4 sha256:291f3f96569e7dd16f39adea3aa0b2fb743cba59f2f2ade531c1783d53078740
#4 CACHED

#5 [2/3] RUN make
#5 0.145 compiling
#5 ...

#6 [other 1/1] RUN sleep 9
#6 0.101 zzz

#5 [2/3] RUN make
#5 1.450 #6 is not a step
#5 ERROR: executor failed running [/bin/sh -c make]: exit code: 2

#6 [other 1/1] RUN sleep 9
#6 CANCELED
------
 > [2/3] RUN make:
------
executor failed running [/bin/sh -c make]: exit code: 2`;

it('tells steps, their output and how they end', () => {
  const parse = createProgressParser();
  const events = OUTPUT.split('\n').flatMap((line) => parse(line) ?? []);
  expect(events.map((event) => Object.values(event).slice(1).join(' | '))).toEqual([
    '1 | [internal] load remote build context | running',
    '1 | [internal] load remote build context | done | 0',
    '4 | [1/3] FROM docker.io/library/node:24 | running',
    '4 | [1/3] FROM docker.io/library/node:24 | cached',
    '5 | [2/3] RUN make | running',
    '5 | [2/3] RUN make | compiling',
    '6 | [other 1/1] RUN sleep 9 | running',
    '6 | [other 1/1] RUN sleep 9 | zzz',
    '5 | [2/3] RUN make | #6 is not a step',
    '5 | [2/3] RUN make | failed | executor failed running [/bin/sh -c make]: exit code: 2',
    '6 | [other 1/1] RUN sleep 9 | canceled',
  ]);
});
