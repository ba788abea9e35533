// What a config may do to a running gateway: nothing, unless it is right.
import { expect, test } from 'bun:test'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { startNamed } from '../support/backends.ts'
import { type Gateway, spawnGateway, startGateway } from '../support/gateway.ts'
import { freePort } from '../support/kernel.ts'
import { startLoad } from '../support/load.ts'
import { waitFor } from '../support/wait.ts'

interface Problem {
  readonly file?: string
  readonly line?: number
  readonly column?: number
  readonly path: string
  readonly message: string
}

const yaml = (server: string, more = ''): string => `# of a person
listeners:
  web: { bind: "127.0.0.1:0" }
rules:
  - name: all
    backend: b   # all of them
backends:
  b:
    servers:
      - url: ${server}
workers: 2
drain: 2s
admin: { bind: "127.0.0.1:0" }
logs: { access: { enabled: false } }
${more}`

/** The next rejection, with its problems in the order of the file. */
async function rejection(gateway: Gateway): Promise<Problem[]> {
  const event = await gateway.event('rejected')
  return (event['problems'] as Problem[]).toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0))
}

test('bad files of every kind under load: each is told with its places, none changes anything, a good one is applied', async () => {
  await using one = startNamed('one')
  await using two = startNamed('two')
  const good = yaml(one.url)
  await using gateway = await startGateway({ config: good })
  const { workers } = gateway
  const load = startLoad(gateway.port(), { connections: 4 })
  await waitFor(() => load.answered > 50)

  // Four mistakes at once.
  await gateway.writeConfig(
    good
      .replace('name: all', 'nmae: all')
      .replace('workers: 2', 'workers: many')
      .replace('drain: 2s', 'drain: soon')
      .replace('bind: "127.0.0.1:0" }\nrules', 'bind: "127.0.0.1:99999" }\nrules'),
  )
  const problems = await rejection(gateway)
  const places = problems.map(({ line, column, path }) => [line, typeof column, path])
  expect(places).toContainEqual([3, 'number', 'listeners.web.bind'])
  expect(places).toContainEqual([5, 'number', expect.stringContaining('rules[0]')])
  expect(places).toContainEqual([11, 'number', 'workers'])
  expect(places).toContainEqual([12, 'number', 'drain'])
  for (const { file, line, column } of problems) {
    expect(file).toEndWith('sluice.yaml')
    await waitFor(() => gateway.stderr.includes(`sluice.yaml:${line}:${column}`))
  }
  expect(gateway.stderr).toMatch(/name/)

  // Names that lead nowhere.
  await gateway.writeConfig(good.replace('backend: b ', 'backend: bb '))
  expect(await rejection(gateway)).toMatchObject([{ line: 6, path: 'rules[0].backend' }])

  // No YAML at all.
  await gateway.writeConfig(`${good}\n  - : [`)
  expect((await rejection(gateway))[0]?.line).toBeGreaterThan(14)

  // Half of a file: cut in the middle of a word.
  await gateway.writeConfig(good.slice(0, good.indexOf('backends:') + 4))
  await gateway.event('rejected')

  // Empty, then gone.
  await gateway.writeConfig('')
  expect(JSON.stringify(await rejection(gateway))).toContain('nothing in the file')
  rmSync(gateway.configFile)
  // Already known to be missing; it says so again only when asked.
  gateway.signal('SIGHUP')
  await gateway.event('rejected')

  // Binary rubbish and a file of the size of a disk image do not hurt either.
  writeFileSync(gateway.configFile, Buffer.from([0xff, 0xfe, 0, 1, 2, 3, 0x80]))
  await gateway.event('rejected')

  expect(gateway.last('applied')).toBeUndefined()
  expect(gateway.workers).toEqual(workers)
  expect(one.requests.length).toBeGreaterThan(50)
  const metrics = await fetch(`${gateway.admin}/metrics`).then((answer) => answer.text())
  expect(
    Number(/^lb_config_reloads_total\{result="rejected"\} (\d+)$/m.exec(metrics)?.[1]),
  ).toBeGreaterThanOrEqual(7)

  await gateway.writeConfig(yaml(two.url))
  await gateway.event('applied')
  two.forget()
  await two.received(50)
  const result = await load.stop()
  expect(result.failures).toEqual([])
})

test('a config whose listener cannot be opened is taken back whole: the rest of it does not hold either', async () => {
  await using one = startNamed('one')
  await using two = startNamed('two')
  const taken = Bun.listen({ hostname: '127.0.0.1', port: freePort(), socket: { data() {} } })
  await using gateway = await startGateway({ config: yaml(one.url) })
  const bad = yaml(two.url).replace(
    'rules:',
    `  more: { bind: "127.0.0.1:0" }\n  taken: { bind: "127.0.0.1:${taken.port}" }\nrules:`,
  )
  const event = await gateway.apply(bad)
  expect([event.event, JSON.stringify(event['problems'])]).toEqual([
    'rejected',
    expect.stringContaining('listeners.taken.bind'),
  ])
  for (let i = 0; i < 10; i++) expect(await (await gateway.fetch('/')).text()).toBe('one')
  taken.stop(true)
  // The same file, now that the port is free.
  gateway.signal('SIGHUP')
  await gateway.event('applied')
  for (const listener of ['web', 'more', 'taken'])
    expect(await (await gateway.fetch('/', { listener })).text()).toBe('two')
})

for (const [file, text] of [
  ['sluice.toml', 'listen = "127.0.0.1:0"\nworkers = = 2\n'],
  ['sluice.json', '{\n  "listen": "127.0.0.1:0",\n  "workers" 2\n}\n'],
  ['sluice.yaml', 'listen: "127.0.0.1:0"\nworkers: [2\n'],
] as const) {
  test(`a start with a syntax error in ${file} says where it is`, async () => {
    await using gateway = await spawnGateway({ config: text, file })
    expect(await gateway.exited()).toBe(1)
    expect(gateway.stderr).toMatch(new RegExp(`${file}:[23]:\\d+`))
    expect(gateway.stdout).toBe('')
  })
}

test('edits in quick succession end with the last', async () => {
  await using one = startNamed('one')
  await using two = startNamed('two')
  await using gateway = await startGateway({ config: yaml(one.url) })
  const load = startLoad(gateway.port(), { connections: 2 })
  for (let i = 0; i < 40; i++) {
    await gateway.writeConfig(i % 3 === 1 ? 'rules: [' : yaml(i % 2 === 0 ? two.url : one.url, `# ${i}\n`))
    if (i % 5 === 0) gateway.signal('SIGHUP')
  }
  const last = yaml(two.url, '# the last\n')
  await gateway.writeConfig(last)
  two.forget()
  await two.received(20)
  await waitFor(async () => {
    one.forget()
    for (let i = 0; i < 10; i++) await gateway.fetch('/')
    return one.requests.length === 0
  })
  expect(readFileSync(gateway.configFile, 'utf8')).toBe(last)
  expect((await load.stop()).failures).toEqual([])
})
