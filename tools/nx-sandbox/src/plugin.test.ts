import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { createNodes } from './plugin.mjs';
import type { PluginOptions } from './plugin-options.mjs';

const dirs: string[] = [];
afterEach(async () => {
  for (const dir of dirs.splice(0)) await rm(dir, { recursive: true, force: true });
});

/** What the plugin infers in a workspace of these files. */
async function inferred(
  files: Readonly<Record<string, object | string>>,
  options?: PluginOptions,
): Promise<unknown> {
  const workspaceRoot = await mkdtemp(join(tmpdir(), 'nx-sandbox-test-'));
  dirs.push(workspaceRoot);
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(workspaceRoot, path)), { recursive: true });
    await writeFile(
      join(workspaceRoot, path),
      typeof content === 'string' ? content : JSON.stringify(content),
    );
  }
  const matching = Object.keys(files).filter((path) =>
    /(?:^|\/)(?:sandbox\.config\.json|Dockerfile)$/.test(path),
  );
  const [, create] = createNodes;
  const results = await create(matching, options, { workspaceRoot, nxJsonConfiguration: {} });
  return Object.assign({}, ...results.map(([, result]) => result.projects ?? {}));
}

it('infers the targets of a project with a configuration', async () => {
  expect(
    await inferred({
      'apps/web/sandbox.config.json': { name: 'web' },
      'apps/web/Dockerfile': 'FROM scratch',
    }),
  ).toMatchInlineSnapshot(`
    {
      "apps/web": {
        "targets": {
          "dev": {
            "cache": false,
            "continuous": true,
            "executor": "nx:run-commands",
            "inputs": [
              "{workspaceRoot}/**/*",
              {
                "env": "SANDBOX_ITERATE_REPO_REF",
              },
            ],
            "metadata": {
              "description": "Start a sandbox, and bring every change of the working tree into it until Ctrl-C",
              "technologies": [
                "docker",
              ],
            },
            "options": {
              "command": "sandbox dev",
              "cwd": "{workspaceRoot}",
            },
          },
          "snapshot": {
            "cache": false,
            "executor": "nx:run-commands",
            "inputs": [
              "{workspaceRoot}/**/*",
              {
                "env": "SANDBOX_ITERATE_REPO_REF",
              },
            ],
            "metadata": {
              "description": "Make sure that the image of a git ref exists (--ref, or the working tree)",
              "technologies": [
                "docker",
              ],
            },
            "options": {
              "command": "sandbox snapshot --config apps/web/sandbox.config.json --out apps/web/image.json",
              "cwd": "{workspaceRoot}",
            },
            "outputs": [
              "{projectRoot}/image.json",
            ],
          },
          "snapshot:push": {
            "cache": false,
            "executor": "nx:run-commands",
            "inputs": [
              "{workspaceRoot}/**/*",
              {
                "env": "SANDBOX_ITERATE_REPO_REF",
              },
            ],
            "metadata": {
              "description": "Push the image to the registry of the configuration, or --registry",
              "technologies": [
                "docker",
              ],
            },
            "options": {
              "command": "sandbox snapshot --config apps/web/sandbox.config.json --out apps/web/image.json --push",
              "cwd": "{workspaceRoot}",
            },
            "outputs": [
              "{projectRoot}/image.json",
            ],
          },
          "up": {
            "cache": false,
            "executor": "nx:run-commands",
            "inputs": [
              "{workspaceRoot}/**/*",
              {
                "env": "SANDBOX_ITERATE_REPO_REF",
              },
            ],
            "metadata": {
              "description": "Start a sandbox from the image, or reuse the one that runs",
              "technologies": [
                "docker",
              ],
            },
            "options": {
              "command": "sandbox up",
              "cwd": "{workspaceRoot}",
            },
          },
        },
      },
    }
  `);
});

it('infers the targets of a project with a Dockerfile and the tag', async () => {
  const dockerfile = 'FROM scratch';
  const projects = await inferred({
    'by-project-json/Dockerfile': dockerfile,
    'by-project-json/project.json': { name: 'a', tags: ['scope:x', 'sandbox'] },
    'by-package-json/Dockerfile': dockerfile,
    'by-package-json/package.json': { name: 'b', nx: { tags: ['sandbox'] } },
    'untagged/Dockerfile': dockerfile,
    'untagged/package.json': { name: 'c', nx: { tags: ['sandboxed'] } },
    'bare/Dockerfile': dockerfile,
  });
  expect(projects).toMatchObject({
    'by-project-json': {
      targets: {
        snapshot: {
          options: { command: expect.stringContaining('--dockerfile by-project-json/Dockerfile') },
        },
      },
    },
    'by-package-json': { targets: { 'snapshot:push': {} } },
  });
  expect(Object.keys(Object(projects))).toEqual(['by-project-json', 'by-package-json']);
});

it('takes names, the command and what it depends on from the options', async () => {
  const options: PluginOptions = {
    command: 'node tools/sandbox.js',
    dependsOn: ['sandbox-cli:build'],
    snapshotTargetName: 'image',
    pushTargetName: 'image:push',
    upTargetName: 'start',
    testTargetName: 'image:test',
  };
  expect(
    await inferred(
      { 'box/sandbox.config.json': { dockerfile: '../docker/box', test: 'vitest run' } },
      options,
    ),
  ).toMatchInlineSnapshot(`
    {
      "box": {
        "targets": {
          "dev": {
            "cache": false,
            "continuous": true,
            "dependsOn": [
              {
                "projects": [
                  "sandbox-cli",
                ],
                "target": "build",
              },
            ],
            "executor": "nx:run-commands",
            "inputs": [
              "{workspaceRoot}/**/*",
              {
                "env": "SANDBOX_ITERATE_REPO_REF",
              },
            ],
            "metadata": {
              "description": "Start a sandbox, and bring every change of the working tree into it until Ctrl-C",
              "technologies": [
                "docker",
              ],
            },
            "options": {
              "command": "node tools/sandbox.js dev",
              "cwd": "{workspaceRoot}",
            },
          },
          "image": {
            "cache": false,
            "dependsOn": [
              {
                "projects": [
                  "sandbox-cli",
                ],
                "target": "build",
              },
            ],
            "executor": "nx:run-commands",
            "inputs": [
              "{workspaceRoot}/**/*",
              {
                "env": "SANDBOX_ITERATE_REPO_REF",
              },
            ],
            "metadata": {
              "description": "Make sure that the image of a git ref exists (--ref, or the working tree)",
              "technologies": [
                "docker",
              ],
            },
            "options": {
              "command": "node tools/sandbox.js snapshot --config box/sandbox.config.json --out box/image.json",
              "cwd": "{workspaceRoot}",
            },
            "outputs": [
              "{projectRoot}/image.json",
            ],
          },
          "image:push": {
            "cache": false,
            "dependsOn": [
              {
                "projects": [
                  "sandbox-cli",
                ],
                "target": "build",
              },
            ],
            "executor": "nx:run-commands",
            "inputs": [
              "{workspaceRoot}/**/*",
              {
                "env": "SANDBOX_ITERATE_REPO_REF",
              },
            ],
            "metadata": {
              "description": "Push the image to the registry of the configuration, or --registry",
              "technologies": [
                "docker",
              ],
            },
            "options": {
              "command": "node tools/sandbox.js snapshot --config box/sandbox.config.json --out box/image.json --push",
              "cwd": "{workspaceRoot}",
            },
            "outputs": [
              "{projectRoot}/image.json",
            ],
          },
          "image:test": {
            "cache": true,
            "dependsOn": [
              "image",
            ],
            "executor": "nx:run-commands",
            "inputs": [
              "{projectRoot}/**/*",
              {
                "dependentTasksOutputFiles": "**/image.json",
              },
            ],
            "metadata": {
              "description": "Test the image; again only when it changes",
              "technologies": [
                "docker",
              ],
            },
            "options": {
              "command": "vitest run",
              "cwd": "{projectRoot}",
            },
            "outputs": [],
          },
          "start": {
            "cache": false,
            "dependsOn": [
              {
                "projects": [
                  "sandbox-cli",
                ],
                "target": "build",
              },
            ],
            "executor": "nx:run-commands",
            "inputs": [
              "{workspaceRoot}/**/*",
              {
                "env": "SANDBOX_ITERATE_REPO_REF",
              },
            ],
            "metadata": {
              "description": "Start a sandbox from the image, or reuse the one that runs",
              "technologies": [
                "docker",
              ],
            },
            "options": {
              "command": "node tools/sandbox.js up",
              "cwd": "{workspaceRoot}",
            },
          },
        },
      },
    }
  `);
});

it('works for a configuration in the root of the workspace', async () => {
  expect(await inferred({ 'sandbox.config.json': {} })).toMatchObject({
    '.': {
      targets: {
        snapshot: {
          options: { command: 'sandbox snapshot --config sandbox.config.json --out ./image.json' },
        },
      },
    },
  });
});

it('refuses options it does not have and configurations it cannot read', async () => {
  await expect(inferred({ 'a/sandbox.config.json': {} }, { target: 'x' } as PluginOptions)).rejects.toThrow(
    'has no option target',
  );
  await expect(inferred({ 'a/sandbox.config.json': '{' })).rejects.toThrow();
  await expect(inferred({ 'a/sandbox.config.json': { dockerfile: 1 } })).rejects.toThrow();
});
