import { afterAll } from 'vitest';
import { engine } from './engine.js';
import { importMachineImage } from './machine-image.js';

const client = await engine();
const machineImage = await importMachineImage(client.docker);
afterAll(async () => {
  await machineImage[Symbol.asyncDispose]();
  await client.close();
});

/** The engine, for looking behind the driver's back. */
export const { docker } = client;

/** An image of this test file's own; removed after its tests. */
export const image = machineImage.reference;
