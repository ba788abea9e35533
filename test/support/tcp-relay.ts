// A gateway in this process whose one listener, "web", is a tcp one that leads to these servers.
import type { RawClient } from './client.ts'
import { startEngine, type TestEngine, toServers } from './engine.ts'
import type { RawServer } from './raw-server.ts'

type Words = Record<string, unknown>

export const relayTo = (
  servers: readonly (string | Words)[],
  backend: Words = {},
  listener: Words = {},
): TestEngine =>
  startEngine({
    config: {
      ...toServers(servers, backend),
      rules: [],
      listeners: { web: { bind: '127.0.0.1:0', protocol: 'tcp', backend: 'origin', ...listener } },
    },
  })

/** A client, and the other end of what is joined to it. */
export async function joined(gateway: TestEngine, server: RawServer): Promise<[RawClient, RawClient]> {
  const client = await gateway.client()
  return [client, await server.next()]
}
