export { FakeFileSystem } from './fake/fake-file-system.js';
export type { FakeHandler, FakeProcess, FakeProgram, FakePrograms } from './fake/fake-program.js';
export { createFakeProvider, type FakeOptions } from './fake/fake-provider.js';
export type { FakeImage } from './fake/fake-sandbox.js';
