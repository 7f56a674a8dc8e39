export { type ClientOptions, createClient } from './client/create-client.js';
export * from './shared-exports.js';
