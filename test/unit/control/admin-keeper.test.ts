import { afterEach, expect, test } from 'bun:test'
import { startAdmin } from '../../../server/admin/admin.ts'
import { shellOf } from '../../../server/admin/whole-shell.ts'
import { AdminKeeper } from '../../../server/control/admin-keeper.ts'
import type { Config } from '../../../server/config/schema.ts'
import { controlFacts } from '../../support/control-facts.ts'

const keepers: AdminKeeper[] = []
const stops: (() => void)[] = []
afterEach(() => {
  for (const keeper of keepers.splice(0)) keeper.stop()
  for (const stop of stops.splice(0)) stop()
})

function keeper(): AdminKeeper {
  const made = new AdminKeeper((bind) =>
    Promise.resolve(startAdmin({ bind, shell: shellOf(controlFacts({ prometheus: () => 'metrics\n' })) })),
  )
  keepers.push(made)
  return made
}

const config = (bind: string): { config: Config } => ({
  config: { admin: { bind, trusted: [] } } as unknown as Config,
})

async function serve(made: AdminKeeper, bind: string): Promise<string> {
  expect(await made.stage(config(bind))).toEqual([])
  made.commit(config(bind))
  return made.address ?? ''
}

const answers = (address: string): Promise<boolean> =>
  fetch(`http://${address}/metrics`).then(
    ({ ok }) => ok,
    () => false,
  )

test('the address may become wider and narrower on the same port', async () => {
  const made = keeper()
  const narrow = await serve(made, '127.0.0.1:0')
  const port = narrow.split(':')[1]!
  expect(await serve(made, `0.0.0.0:${port}`)).toBe(`0.0.0.0:${port}`)
  expect(await answers(narrow)).toBe(true)
  expect(await serve(made, narrow)).toBe(narrow)
  expect(await answers(narrow)).toBe(true)
})

test('when that plan is dropped the old one is open again', async () => {
  const made = keeper()
  const narrow = await serve(made, '127.0.0.1:0')
  expect(await made.stage(config(`0.0.0.0:${narrow.split(':')[1]}`))).toEqual([])
  made.drop()
  // The next change finds it as it was.
  expect(await made.stage(config('127.0.0.1:0'))).toEqual([])
  expect(made.address).toBe(narrow)
  expect(await answers(narrow)).toBe(true)
})

test('a port of another program is a problem, and the old one stays', async () => {
  const made = keeper()
  const before = await serve(made, '127.0.0.1:0')
  const taken = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  stops.push(() => taken.stop(true))
  expect(await made.stage(config(`127.0.0.1:${taken.port}`))).toMatchObject([{ path: 'admin.bind' }])
  expect(made.address).toBe(before)
  expect(await answers(before)).toBe(true)
})

test('when the wider address is of another program after all, the old one is open again', async () => {
  const made = keeper()
  const before = await serve(made, '127.0.0.1:0')
  const port = Number(before.split(':')[1])
  const taken = Bun.listen({ hostname: '127.0.0.2', port, socket: { data() {} } })
  stops.push(() => taken.stop(true))
  expect(await made.stage(config(`0.0.0.0:${port}`))).toMatchObject([{ path: 'admin.bind' }])
  expect(made.address).toBe(before)
  expect(await answers(before)).toBe(true)
})
