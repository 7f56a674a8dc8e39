import { bundleRequires } from '../../tools/tsup/bundle-requires.js';
import { leaveOut } from '../../tools/tsup/leave-out.js';
import { libConfig } from '../../tools/tsup/lib.js';

export default libConfig(
  { cli: 'src/cli.ts' },
  {
    // A few files to read instead of a thousand: half of the time of a short command is otherwise their loading.
    noExternal: [/.*/],
    esbuildPlugins: [
      leaveOut(['ssh2', '@grpc/grpc-js', '@grpc/proto-loader', 'protobufjs']),
      bundleRequires({
        file: /@daytonaio\/sdk\/esm\/utils\/Import\.js$/,
        call: '__esmRequire',
        packages: ['form-data', 'busboy'],
      }),
    ],
    // Bundled CommonJS packages ask for Node's own modules by `require`.
    banner: {
      js: "import { createRequire as createRequireOfBundle } from 'node:module'; const require = createRequireOfBundle(import.meta.url);",
    },
  },
);
