// A file that is rejected is seen wherever somebody looks: in the log, by the API and by commands; and all of
// that works with the admin listener turned off.
import { afterEach, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { reload } from '../../server/cli/reload.ts'
import { status } from '../../server/cli/status.ts'
import { controlSocketPath } from '../../server/control/control-socket.ts'
import { type Said, saidBy } from '../support/command.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'

const gateways: Gateway[] = []
afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway[Symbol.asyncDispose]()
})

const words = (body: string): string => `listeners: { web: { bind: "127.0.0.1:0" } }
rules: [{ name: all, respond: { status: 200, body: "${body}" } }]
workers: 1
drain: 1s
admin: false
`

async function start(...args: readonly string[]): Promise<Gateway> {
  const gateway = await startGateway({ config: words('one'), args })
  gateways.push(gateway)
  return gateway
}

type Command = (args: readonly string[], io: Parameters<Parameters<typeof saidBy>[0]>[0]) => Promise<number>
const said = (gateway: Gateway, command: Command): Promise<Said> =>
  saidBy((io) => command(['-c', gateway.configFile], io), { cwd: gateway.folder })

const ask = async (gateway: Gateway, path: string): Promise<unknown> => {
  const unix = controlSocketPath(join(gateway.folder, 'data'), gateway.configFile)
  return (await fetch(`http://localhost${path}`, { unix })).json()
}
const body = async (gateway: Gateway): Promise<string> => (await gateway.fetch('/')).text()

test('a rejected file is seen in the log, by the API and by commands, with its place; what was served goes on', async () => {
  const gateway = await start()
  const rejected = await gateway.apply(`${words('two')}worker: 2\n`)
  const place = { path: 'worker', line: 6, column: 1 }
  expect(rejected).toMatchObject({ event: 'rejected', file: gateway.configFile, running: 1 })
  expect(rejected['problems']).toEqual([expect.objectContaining(place)])
  expect(await ask(gateway, '/api/v1/config/status')).toMatchObject({
    running: { revision: 1 },
    disk: { state: 'rejected', errors: [expect.objectContaining(place)] },
  })
  expect((await said(gateway, status)).out).toMatch(
    /^config: revision 1; a newer file was rejected .*worker/m,
  )
  expect((await said(gateway, reload)).err).toContain('sluice.yaml:6:1 worker: ')
  expect(await body(gateway)).toBe('one')
  // It is over with the next good one.
  await gateway.apply(words('three'))
  expect(await ask(gateway, '/api/v1/config/status')).toMatchObject({ disk: { state: 'in_sync' } })
  expect((await said(gateway, status)).out).toMatch(/^config: revision 2$/m)
})

test('reload works with the admin listener turned off, and with nobody watching the file', async () => {
  const gateway = await start('--no-watch')
  expect(gateway.last('serving')).toMatchObject({ admin: null })
  writeFileSync(gateway.configFile, words('two'))
  expect(await said(gateway, reload)).toMatchObject({ code: 0, err: '' })
  expect(await body(gateway)).toBe('two')
  writeFileSync(gateway.configFile, 'nonsense: [\n')
  expect((await said(gateway, reload)).code).toBe(1)
  expect(await body(gateway)).toBe('two')
})
