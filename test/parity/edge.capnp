# workerd's configuration: one worker, made of what is embedded from this folder, on a port of its choice.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [ (name = "main", worker = .worker) ],
  sockets = [ (name = "http", address = "127.0.0.1:0", http = (), service = "main") ],
);

const worker :Workerd.Worker = (
  modules = [
    (name = "edge.mjs", esModule = embed "edge.mjs"),
    (name = "advnmf.wasm", wasm = embed "advnmf.wasm"),
  ],
  compatibilityDate = "2026-01-01",
);
