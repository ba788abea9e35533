// "sluice apply", "confirm" and "rollback": a text is checked against a running gateway, served, written to
// its config file, and taken back.
import { afterEach, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { apply } from '../../server/cli/apply.ts'
import { confirm } from '../../server/cli/confirm.ts'
import { history } from '../../server/cli/history.ts'
import { reload } from '../../server/cli/reload.ts'
import { rollback } from '../../server/cli/rollback.ts'
import { status } from '../../server/cli/status.ts'
import { userName } from '../../server/admin/user-name.ts'
import { controlSocketPath } from '../../server/control/control-socket.ts'
import { type Said, saidBy } from '../support/command.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { waitFor } from '../support/wait.ts'

const gateways: Gateway[] = []
afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway[Symbol.asyncDispose]()
})

const words = (body: string, port = 0): string => `# the owner's words
listeners: { web: { bind: "127.0.0.1:${port}" } }
rules: [{ name: all, respond: { status: 200, body: "${body}" } }]
workers: 1
drain: 1s
admin: false
`

async function start(body = 'one'): Promise<Gateway> {
  const gateway = await startGateway({ config: words(body) })
  gateways.push(gateway)
  return gateway
}

type Command = (args: readonly string[], io: Parameters<Parameters<typeof saidBy>[0]>[0]) => Promise<number>
const said = (gateway: Gateway, command: Command, ...args: readonly string[]): Promise<Said> =>
  saidBy((io) => command([...args, '-c', gateway.configFile], io), { cwd: gateway.folder })

/** Writes the text to a file beside the config, as an operator would. */
function draft(gateway: Gateway, text: string): string {
  writeFileSync(join(gateway.folder, 'next.yaml'), text)
  return 'next.yaml'
}

const body = async (gateway: Gateway): Promise<string> =>
  (await fetch(`http://127.0.0.1:${gateway.port()}/`)).text()
const onDisk = (gateway: Gateway): string => readFileSync(gateway.configFile, 'utf8')
const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')
/** What stands beside the config that an interrupted or finished write may have left. */
const leftovers = (gateway: Gateway): string[] =>
  readdirSync(gateway.folder).filter((name) => name.includes('sluice-new'))

test('a warning names the file as whoever asks knows it', async () => {
  const gateway = await start()
  const next = `${words('two')}backends: { spare: { servers: [{ url: "http://127.0.0.1:9" }] } }\n`
  const { code, err } = await said(gateway, apply, draft(gateway, next), '--dry-run')
  expect(code).toBe(0)
  expect(err).toMatch(/^next\.yaml:7:\d+ backends\.spare: warning: /)
  const answer = await fetch('http://gateway/api/v1/config?dry_run=true', {
    ...{ method: 'PUT', body: next, headers: { 'Content-Type': 'application/yaml' } },
    unix: controlSocketPath(join(gateway.folder, 'data'), gateway.configFile),
  })
  const { warnings } = (await answer.json()) as { readonly warnings: readonly string[] }
  expect(warnings).toEqual([
    expect.stringMatching(/\.yaml:7:\d+ backends\.spare: warning: /) as unknown as string,
  ])
  expect(warnings[0]).toStartWith(gateway.configFile)
})

test('a text is served and becomes that of the file, to the letter; its mode stays, and the watch sees no change', async () => {
  const gateway = await start()
  chmodSync(gateway.configFile, 0o640)
  const next = words('two')
  expect(await said(gateway, apply, draft(gateway, next))).toEqual({
    code: 0,
    out: 'applied: revision 2\n',
    err: '',
  })
  expect(await body(gateway)).toBe('two')
  expect(onDisk(gateway)).toBe(next)
  expect(statSync(gateway.configFile).mode & 0o777).toBe(0o640)
  expect(leftovers(gateway)).toEqual([])
  expect(await gateway.event('applied')).toMatchObject({
    revision: 2,
    from: 'api',
    by: userName(process.geteuid?.() ?? 0),
    hash: hashOf(next),
  })
  // The next change that the watch tells is the next edit, not our own write.
  writeFileSync(gateway.configFile, words('three'))
  expect(await gateway.event('applied', ({ from }) => from === 'file')).toMatchObject({ revision: 3 })
})

test('a dry run finds what stands against a text, by the name that it was given, and changes nothing', async () => {
  const gateway = await start()
  const before = onDisk(gateway)
  const taken = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  try {
    const found = await said(gateway, apply, draft(gateway, words('two', taken.port)), '--dry-run')
    expect(found.code).toBe(1)
    expect(found.err).toMatch(/^next\.yaml:2:\d+ listeners\.web\.bind: cannot listen on .*EADDRINUSE/)
  } finally {
    taken.stop(true)
  }
  const wrong = await said(gateway, apply, draft(gateway, 'workers: many\n'), '--dry-run')
  expect(wrong.err).toContain('next.yaml:1:10 workers: found "many"')
  const many = 'workers: many\n'
  expect((await said(gateway, apply, draft(gateway, many), '--expect', hashOf(before))).code).toBe(1)
  // What was refused is that text, and not the file.
  const event = await gateway.event('rejected')
  expect(event).toMatchObject({ from: 'api', hash: hashOf(many) })
  expect(event['problems']).toContainEqual(expect.objectContaining({ line: 1, column: 10 }))
  expect(JSON.stringify(event)).not.toContain(gateway.configFile)
  const good = draft(gateway, words('two'))
  expect(await said(gateway, apply, good, '--dry-run')).toEqual({
    code: 0,
    out: 'next.yaml: nothing stands against it; nothing was changed\nit would change:\nrule all: respond.body one → two\n',
    err: '',
  })
  expect((await said(gateway, apply, draft(gateway, before), '--dry-run')).out).toEndWith(
    '\nit would change nothing of what is served\n',
  )
  draft(gateway, words('two'))
  expect([await body(gateway), onDisk(gateway), leftovers(gateway)]).toEqual(['one', before, []])
  expect((await said(gateway, apply, good)).out).toBe('applied: revision 2\n')
})

test('a file that is not the one that was edited is left alone', async () => {
  const gateway = await start()
  const next = draft(gateway, words('two'))
  expect((await said(gateway, apply, next, '--expect', 'deadbeef')).err).toContain('has been changed')
  const broken = 'workers: by a person, not done yet\n'
  writeFileSync(gateway.configFile, broken)
  const refused = await said(gateway, apply, next)
  expect(refused.code).toBe(1)
  expect(refused.err).toStartWith(
    `${gateway.configFile} is no valid config as it stands: line 1:1 listeners: `,
  )
  expect(refused.err).toContain(`or write over it: expect its hash ${hashOf(broken)}\n`)
  expect(refused.err).toEndWith(
    `nothing was written: ${gateway.configFile} is no valid config as it stands.\n`,
  )
  expect([await body(gateway), onDisk(gateway)]).toEqual(['one', broken])
  expect((await said(gateway, apply, next, '--expect', hashOf(broken).slice(0, 12))).code).toBe(0)
  expect(await body(gateway)).toBe('two')
})

test('what is confirmed in time stays', async () => {
  const gateway = await start()
  const next = words('two')
  const applied = await said(gateway, apply, draft(gateway, next), '--confirm-within', '10m')
  expect(applied.out).toBe('applied: revision 2; taken back in 10m unless "sluice confirm" comes\n')
  expect((await said(gateway, status)).out).toMatch(/revision 2; taken back at \S+ unless it is confirmed/)
  expect(await said(gateway, confirm)).toEqual({ code: 0, out: 'confirmed\n', err: '' })
  expect(await said(gateway, confirm)).toMatchObject({
    code: 1,
    err: 'sluice confirm: nothing waits to be confirmed\n',
  })
  expect((await said(gateway, status)).out).toContain('config: revision 2\n')
  expect([await body(gateway), onDisk(gateway)]).toEqual(['two', next])
})

test('what is not confirmed is taken back, in the file as well, and that is told', async () => {
  const gateway = await start()
  const before = onDisk(gateway)
  const next = draft(gateway, words('two'))
  expect((await said(gateway, apply, next, '--confirm-within', '1s')).code).toBe(0)
  expect(await body(gateway)).toBe('two')
  expect(await gateway.event('rolled_back')).toMatchObject({
    revision: 2,
    to: 3,
    hash: hashOf(before),
    why: 'it was not confirmed within 1 s',
  })
  expect([await body(gateway), onDisk(gateway)]).toEqual(['one', before])
  await waitFor(async () => (await said(gateway, status)).out.includes('was taken back'))
  const told = (await said(gateway, status)).out
  expect(told).toMatch(
    /^config: revision 3; revision 2 was taken back at [\d:]{8}: it was not confirmed within 1 s$/m,
  )
  expect(gateway.last('rejected')).toBeUndefined()
  expect(await said(gateway, rollback)).toMatchObject({
    code: 1,
    err: 'sluice rollback: there is nothing to go back to: revision 2 was taken back already, and what was before it is served\n',
  })
})

test('a file that a person has edited meanwhile is theirs: what is served goes back, the file does not', async () => {
  const gateway = await start()
  const next = draft(gateway, words('two'))
  expect((await said(gateway, apply, next, '--confirm-within', '2s')).code).toBe(0)
  writeFileSync(gateway.configFile, 'workers: not done yet\n')
  await gateway.event('rolled_back')
  expect([await body(gateway), onDisk(gateway)]).toEqual(['one', 'workers: not done yet\n'])
  await waitFor(async () => (await said(gateway, status)).out.includes('sluice.yaml has another text'))
})

test('a newer change confirms; one that is to be confirmed as well would go back to what was confirmed last', async () => {
  const gateway = await start()
  const before = onDisk(gateway)
  for (const text of ['two', 'three'])
    expect((await said(gateway, apply, draft(gateway, words(text)), '--confirm-within', '10m')).code).toBe(0)
  expect(await said(gateway, rollback)).toEqual({ code: 0, out: 'went back: revision 4\n', err: '' })
  expect([await body(gateway), onDisk(gateway)]).toEqual(['one', before])
  expect((await said(gateway, apply, draft(gateway, words('four')), '--confirm-within', '10m')).code).toBe(0)
  writeFileSync(gateway.configFile, words('five'))
  expect((await said(gateway, reload)).code).toBe(0)
  expect((await said(gateway, confirm)).code).toBe(1)
})

test('one that ends before it is confirmed comes up with what was before, and writes it back', async () => {
  const gateway = await start()
  const before = onDisk(gateway)
  const next = draft(gateway, words('two'))
  expect((await said(gateway, apply, next, '--confirm-within', '10m')).code).toBe(0)
  expect(await gateway.stop()).toBe(0)
  const again = await startGateway({ config: onDisk(gateway), folder: gateway.folder })
  gateways.push(again)
  expect([await body(again), onDisk(again)]).toEqual(['one', before])
  expect(again.events.find(({ event }) => event === 'serving')).toMatchObject({
    revision: 3,
    from: 'rollback',
  })
  expect(again.events.find(({ event }) => event === 'rolled_back')).toMatchObject({
    why: 'it was not confirmed before the gateway ended',
  })
  expect((await said(again, history)).out).toMatch(/^\* 3 .* it was not confirmed before the gateway ended$/m)
  expect((await said(again, status)).out).toMatch(
    /^config: revision 3; revision 2 was taken back at [\d:]{8}: it was not confirmed before the gateway ended$/m,
  )
  expect((await said(again, rollback)).err).toContain('revision 2 was taken back already')
  expect(await again.stop()).toBe(0)
  const third = await startGateway({ config: before, folder: gateway.folder })
  gateways.push(third)
  // The same text is the same revision.
  expect(third.events.find(({ event }) => event === 'serving')).toMatchObject({ revision: 3, from: 'file' })
})

test('a rollback goes back and forth, and leaves a file alone that was changed since', async () => {
  const gateway = await start()
  const [before, next] = [onDisk(gateway), words('two')]
  expect(await said(gateway, rollback)).toMatchObject({
    code: 1,
    err: 'sluice rollback: there is nothing to go back to: nothing was changed in this run\n',
  })
  // By the watch alone: a reload on demand would be one revision more wherever the watch came first.
  writeFileSync(gateway.configFile, next)
  expect(await gateway.event('applied')).toMatchObject({ revision: 2 })
  expect(await said(gateway, rollback)).toEqual({ code: 0, out: 'went back: revision 3\n', err: '' })
  expect([await body(gateway), onDisk(gateway)]).toEqual(['one', before])
  expect(await said(gateway, rollback)).toEqual({ code: 0, out: 'went back: revision 4\n', err: '' })
  expect([await body(gateway), onDisk(gateway)]).toEqual(['two', next])
  writeFileSync(gateway.configFile, next.replace('two', 'by a person'))
  // The second where the watch was sooner.
  expect((await said(gateway, rollback)).err).toMatch(/has been changed|another change came first/)
  expect(onDisk(gateway)).toContain('by a person')
  writeFileSync(gateway.configFile, 'workers: x\n')
  const refused = (await said(gateway, rollback)).err
  expect(refused).toContain('is no valid config as it stands')
  expect(refused).toEndWith('sluice rollback: nothing was changed: revision 4 goes on\n')
  expect([await body(gateway), onDisk(gateway)]).toEqual(['two', 'workers: x\n'])
})

test('where the config file is a link, the file that it leads to is written', async () => {
  const gateway = await start()
  const real = join(gateway.folder, 'real.yaml')
  renameSync(gateway.configFile, real)
  symlinkSync('real.yaml', gateway.configFile)
  const next = words('two')
  expect((await said(gateway, apply, draft(gateway, next))).code).toBe(0)
  expect(readFileSync(real, 'utf8')).toBe(next)
  await waitFor(async () => (await body(gateway)) === 'two')
})
