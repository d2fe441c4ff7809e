// comlink ships these types beside a path that TypeScript does not find for the .mjs file.
declare module "comlink/dist/esm/node-adapter.mjs" {
  import type { MessagePort, Worker } from "node:worker_threads";
  import type { Endpoint } from "comlink";

  /** A worker or message port of node:worker_threads as an endpoint of comlink. */
  export default function nodeEndpoint(port: MessagePort | Worker): Endpoint;
}
