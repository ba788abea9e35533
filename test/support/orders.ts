// What tests of orders ask of a gateway: by the command, by its documents, and as clients.
import { expect } from 'bun:test'
import { server } from '../../server/cli/server/server.ts'
import type { ServerHealth } from '../../server/telemetry/server-health.ts'
import { type Said, saidBy } from './command.ts'
import type { Gateway } from './gateway.ts'
import type { Origin } from './origin.ts'

type Words = Record<string, unknown>

/** A config with one http listener, and one backend, api. */
export const http = (servers: readonly Words[], backend: Words = {}): Words => ({
  listeners: { web: { bind: '127.0.0.1:0', backend: 'api' } },
  backends: { api: { servers, ...backend } },
})
export const words = (name: string, { url }: Origin): Words => ({ name, url })

/** What the command says of a server of this gateway. */
export const said = (gateway: Gateway, ...args: readonly string[]): Promise<Said> =>
  saidBy((io) => server(args, io), { cwd: gateway.folder })

/** Done, with nothing to say against it. */
export async function done(gateway: Gateway, ...args: readonly string[]): Promise<string> {
  const { code, out, err } = await said(gateway, ...args)
  expect({ args, code, err }).toEqual({ args, code: 0, err: '' })
  return out
}

export async function stateOf(gateway: Gateway, name: string): Promise<ServerHealth> {
  const { backends } = (await (await fetch(`${gateway.admin}/_health`)).json()) as {
    backends: ServerHealth[]
  }
  return backends.find(({ server: one }) => one === name)!
}

/** Who answers so many requests, each on a connection of its own, with these field lines. */
export async function answering(gateway: Gateway, count = 16, fields = ''): Promise<Record<string, number>> {
  const names: Record<string, number> = {}
  for (let i = 0; i < count; i++) {
    await using client = await gateway.client()
    const { status, body } = await client.get('/', fields)
    const name = status === 200 ? body : String(status)
    names[name] = (names[name] ?? 0) + 1
  }
  return names
}
