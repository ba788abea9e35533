// What is served comes back into a file that somebody has changed since, where that is meant; and texts that
// come by a pipe.
import { afterEach, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { history } from '../../server/cli/history.ts'
import { reload } from '../../server/cli/reload.ts'
import { rollback } from '../../server/cli/rollback.ts'
import { type Said, saidBy } from '../support/command.ts'
import { type Gateway, sources, startGateway } from '../support/gateway.ts'

const gateways: Gateway[] = []
afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway[Symbol.asyncDispose]()
})

const words = (body: string): string => `# the owner's words
listeners: { web: { bind: "127.0.0.1:0" } }
rules: [{ name: all, respond: { status: 200, body: "${body}" } }]
workers: 1
drain: 1s
admin: false
`

async function start(): Promise<Gateway> {
  const gateway = await startGateway({ config: words('one') })
  gateways.push(gateway)
  return gateway
}

type Command = (args: readonly string[], io: Parameters<Parameters<typeof saidBy>[0]>[0]) => Promise<number>
const said = (gateway: Gateway, command: Command, ...args: readonly string[]): Promise<Said> =>
  saidBy((io) => command([...args, '-c', gateway.configFile], io), { cwd: gateway.folder })
const onDisk = (gateway: Gateway): string => readFileSync(gateway.configFile, 'utf8')

test('a rollback writes over a file that was broken since where it is named by its hash, and only that one', async () => {
  const gateway = await start()
  await gateway.apply(words('two'))
  const broken = `${words('three')}listeners: [\n`
  await gateway.apply(broken)
  const hash = createHash('sha256').update(broken).digest('hex')
  const refused = await said(gateway, rollback, '2')
  expect(refused.code).toBe(1)
  expect(refused.err).toContain(hash)
  expect((await said(gateway, rollback, '2', '--expect', '00000000')).code).toBe(1)
  expect((await said(gateway, rollback, '2', '--expect', 'all')).code).toBe(2)
  expect(onDisk(gateway)).toBe(broken)
  expect(await said(gateway, rollback, '2', '--expect', hash.slice(0, 12).toUpperCase())).toMatchObject({
    code: 0,
    err: '',
  })
  expect(onDisk(gateway)).toBe(words('two'))
})

test('the revision of status is found in the history, also where a text was read again as it was', async () => {
  const gateway = await start()
  await gateway.apply(words('two'))
  expect((await said(gateway, reload)).out).toBe('applied: revision 3\n')
  expect((await said(gateway, history)).out).toMatch(/^\* 2–3 +\S+Z +file /m)
})

test('apply takes a text by stdin, and tells what is wrong with it by its line', async () => {
  const gateway = await start()
  const piped = async (text: string): Promise<readonly [number, string]> => {
    const command = [...sources(), 'apply', '-', '-c', gateway.configFile]
    const child = Bun.spawn(command, { stdin: Buffer.from(text), stdout: 'pipe', stderr: 'pipe' })
    const texts = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
    return [await child.exited, texts.join('')]
  }
  expect(await piped(words('two'))).toEqual([0, 'applied: revision 2\n'])
  expect(onDisk(gateway)).toBe(words('two'))
  const [code, text] = await piped(`${words('three')}worker: 2\n`)
  expect([code, text]).toEqual([1, expect.stringContaining('stdin:7:1 worker: ')])
})
