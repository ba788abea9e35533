// Commands that ask a running gateway, whatever became of its config file since it was read.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { health } from '../../server/cli/health.ts'
import { metrics } from '../../server/cli/metrics.ts'
import { reload } from '../../server/cli/reload.ts'
import { status } from '../../server/cli/status.ts'
import { stop } from '../../server/cli/stop.ts'
import { turnList } from '../../server/cli/turn/list.ts'
import { type Said, saidBy } from '../support/command.ts'
import { waitFor } from '../support/wait.ts'
import { type Gateway, spawnGateway, startGateway } from '../support/gateway.ts'

const GOOD = `
listen: 127.0.0.1:0
backends: [{ url: http://127.0.0.1:9, weight: "\${WEIGHT}" }]
data: \${FOLDER}/kept
workers: 1
admin: false
`
let gateway: Gateway
beforeAll(async () => {
  gateway = await startGateway({
    config: GOOD,
    args: ['--no-watch'],
    env: { WEIGHT: '3', FOLDER: '.' },
  })
}, 30_000)
afterAll(() => gateway[Symbol.asyncDispose]())

type Command = (args: readonly string[], io: Parameters<Parameters<typeof saidBy>[0]>[0]) => Promise<number>
const said = (command: Command, ...args: readonly string[]): Promise<Said> =>
  saidBy((io) => command(args, io), { cwd: gateway.folder })

const write = (text: string): void => writeFileSync(gateway.configFile, text)

const EDITS: readonly (readonly [what: string, edit: () => void])[] = [
  ['as it was', () => write(GOOD)],
  ['broken', () => write('listen: [\ndata: ./kept')],
  ['another data folder', () => write(GOOD.replace('kept', 'elsewhere'))],
  ['empty', () => write('')],
  ['removed', () => rmSync(gateway.configFile)],
]

test.each(EDITS)(
  'the gateway is found with its config file %s, and without its environment',
  async (_, edit) => {
    edit()
    try {
      for (const command of [status, health, metrics])
        for (const args of [[], ['-c', 'sluice.yaml'], ['-c', gateway.configFile]])
          expect(await said(command, ...args)).toMatchObject({ code: 0, err: '' })
      expect((await said(turnList)).err).toContain('This gateway has no turn listener')
    } finally {
      write(GOOD)
    }
  },
)

test('one that is started a second time says who has its port, and how to reach that', async () => {
  await using second = await spawnGateway({
    config: GOOD.replace('127.0.0.1:0', `127.0.0.1:${gateway.port()}`),
    env: { WEIGHT: '3', FOLDER: '.' },
  })
  expect(await second.process.exited).toBe(1)
  await waitFor(() => second.stderr.includes('EADDRINUSE'))
  expect(second.stderr).toContain(
    `: a running gateway (process ${gateway.process.pid}) has this port (EADDRINUSE); change what it serves with "sluice reload"`,
  )
})

test('a link to its folder leads to the gateway as well', async () => {
  const link = `${gateway.folder}-link`
  symlinkSync(gateway.folder, link)
  try {
    expect(await said(status, '-c', join(link, 'sluice.yaml'))).toMatchObject({ code: 0, err: '' })
  } finally {
    rmSync(link)
  }
})

test('a config file of the same name elsewhere is that of another gateway', async () => {
  const elsewhere = join(gateway.folder, 'other.yaml')
  writeFileSync(elsewhere, 'admin: false\ndata: ./kept\n')
  expect(await said(status, '-c', elsewhere)).toEqual({
    code: 1,
    out: '',
    err: `sluice status: no gateway runs with this config (${elsewhere})\n`,
  })
})

test('a reload tells what it applied, or each problem of a file that is refused', async () => {
  expect(await said(reload)).toEqual({ code: 0, out: 'applied: revision 2\n', err: '' })
  write(GOOD.replace('workers: 1', 'workers: many\nworker: 1'))
  const { code, out, err } = await said(reload)
  expect([code, out]).toEqual([1, ''])
  const lines = err.trimEnd().split('\n')
  expect(lines).toHaveLength(3)
  expect(lines[0]).toContain('sluice.yaml:5:10 workers: found "many"')
  expect(lines[1]).toContain('worker: found the unknown key')
  expect(lines[2]).toBe('sluice reload: the file was refused: revision 2 goes on.')
  expect((await said(status)).out).toContain('a newer file was rejected')
  write(GOOD)
  expect((await said(reload)).code).toBe(0)
})

test('a stop is over when the gateway is gone', async () => {
  const before = readFileSync(gateway.configFile, 'utf8')
  const stopped = said(stop)
  expect(await gateway.exited()).toBe(0)
  expect(await stopped).toEqual({ code: 0, out: 'stopped\n', err: '' })
  expect(await gateway.event('draining')).toMatchObject({ signal: 'sluice stop' })
  expect(readFileSync(gateway.configFile, 'utf8')).toBe(before)
  expect(await said(stop)).toEqual({
    code: 1,
    out: '',
    err: `sluice stop: no gateway runs with this config (${gateway.configFile})\n`,
  })
})

test('where its data folder cannot be written it serves, and says what it lacks', async () => {
  await using other = await startGateway({
    config: {
      data: '/proc/none',
      backends: {},
      listeners: { web: { bind: '127.0.0.1:0' } },
      rules: [{ name: 'r', respond: {} }],
    },
  })
  for (const event of ['data_not_writable', 'control_socket_not_open'])
    expect(await other.event(event)).toMatchObject({
      hint: expect.stringContaining('name another folder with "data"'),
    })
  expect((await other.fetch('/')).status).toBe(200)
})
