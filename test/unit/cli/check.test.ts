import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { check } from '../../../server/cli/check.ts'
import { MiddlewareOptions } from '../../../server/middleware/middleware.options.ts'

const cwd = mkdtempSync(join(tmpdir(), 'sluice-check-'))
afterAll(() => rmSync(cwd, { recursive: true, force: true }))

async function run(args: readonly string[], env: Record<string, string> = {}) {
  const said = { out: '', err: '' }
  const stdout = (text: string): void => void (said.out += text)
  const stderr = (text: string): void => void (said.err += text)
  const code = await check(args, { stdout, stderr, env, cwd })
  return { code, ...said }
}

test('a valid file is summed up on stdout, with exit code 0', async () => {
  writeFileSync(
    join(cwd, 'good.yaml'),
    'listen: ":0"\nbackends: [{ url: "http://${HOST}:1" }, { url: "http://b:1" }]',
  )
  expect(await run(['good.yaml'], { HOST: 'a' })).toEqual({
    code: 0,
    out: 'good.yaml: ok, 1 listener, 1 rule, 1 backend, 2 servers\n',
    err: '',
  })
})

test('what the environment wants of sockets is judged as a start does', async () => {
  writeFileSync(join(cwd, 'env.yaml'), 'listen: ":0"\nbackends: [{ url: "http://a:1" }]')
  const message = 'SLUICE_SOCKETS in the environment: found "kqueue", allowed auto, io_uring, epoll, bun'
  expect(await run(['env.yaml'], { SLUICE_SOCKETS: 'kqueue' })).toEqual({
    code: 1,
    out: '',
    err: `${message}\nenv.yaml: 1 problem\n`,
  })
  const { code, out } = await run(['--json', 'env.yaml'], { SLUICE_SOCKETS: 'kqueue' })
  const variable = { severity: 'error', code: 'wrong-value', variable: 'SLUICE_SOCKETS' }
  expect([code, JSON.parse(out).problems]).toEqual([1, [{ ...variable, path: '', message, hint: null }]])
  expect((await run(['env.yaml'], { SLUICE_SOCKETS: 'bun' })).code).toBe(0)
})

test('what is wrong in the file and in the environment is told at once, each with its place', async () => {
  writeFileSync(join(cwd, 'both.yaml'), 'listen: ":0"\nbackends: [{ url: "http://a:1" }]\nsockets: kqueue\n')
  const { code, err } = await run(['both.yaml'], { SLUICE_SOCKETS: 'uring' })
  const [first, second, ...rest] = err.split('\n')
  expect(first).toStartWith('both.yaml:3:10 sockets: found "kqueue"')
  expect(second).toBe('SLUICE_SOCKETS in the environment: found "uring", allowed auto, io_uring, epoll, bun')
  expect([code, rest]).toEqual([1, ['both.yaml: 2 problems', '']])
  // One that is right mends no file.
  expect((await run(['both.yaml'], { SLUICE_SOCKETS: 'bun' })).err).toContain('both.yaml: 1 problem\n')
})

test('every problem goes to stderr, with exit code 1', async () => {
  writeFileSync(join(cwd, 'bad.yaml'), 'listen: ":0"\nbackends: [{ url: "ftp://a:1" }]\nx: 1')
  const steps = Object.keys(MiddlewareOptions.properties).join(', ')
  const { code, out, err } = await run(['bad.yaml'])
  const [server, key, ...rest] = err.split('\n')
  expect(server).toBe(
    'bad.yaml:2:19 backends[0].url: found "ftp://a:1", allowed "http://host", "https://host", "tcp://host:port", "tls://host:port", "udp://host:port" or "http://unix:/path"; servers are spoken to by "http://", "https://", "tcp://", "tls://" or "udp://" only',
  )
  // What a backend may hold, what a rule may, and what stands at the top.
  expect(key).toStartWith('bad.yaml:3:1 x: found the unknown key "x", allowed listen, backends, ')
  for (const some of [', retry, ', `, ${steps}, `, ', workers, sockets, data, ']) expect(key).toContain(some)
  expect([code, out, rest]).toEqual([1, '', ['bad.yaml: 2 problems', '']])
})

test('with --json editors get each problem with where it begins and ends', async () => {
  writeFileSync(join(cwd, 'json.yaml'), 'listen: ":0"\nbackends: [{ url: "http://a:1" }]\nworkerz: 1')
  const { code, out, err } = await run(['--json', 'json.yaml'])
  expect([code, err]).toEqual([1, ''])
  const { ok, problems } = JSON.parse(out)
  expect([ok, problems.length]).toEqual([false, 1])
  expect(problems[0]).toMatchObject({
    severity: 'error',
    code: 'unknown-key',
    file: 'json.yaml',
    path: 'workerz',
  })
  expect(problems[0]).toMatchObject({ line: 3, column: 1, end_line: 3, end_column: 8 })
  expect(problems[0].hint).toBe('did you mean "workers"?')
  writeFileSync(join(cwd, 'fine.yaml'), 'listen: ":0"\nbackends: [{ url: "http://a:1" }]\n')
  expect(await run(['--json', 'fine.yaml'])).toEqual({ code: 0, out: '{"ok":true,"problems":[]}\n', err: '' })
})

test('warnings go to stderr, and the file is still valid', async () => {
  writeFileSync(
    join(cwd, 'warn.yaml'),
    'listeners: { web: { bind: ":0", backend: a } }\nbackends: { a: { servers: [{ url: "http://a" }] }, b: { servers: [{ url: "http://a" }] } }',
  )
  const { code, out, err } = await run(['warn.yaml'])
  expect(code).toBe(0)
  expect(out).toBe('warn.yaml: ok, 1 listener, 0 rules, 2 backends, 2 servers\n')
  expect(err).toStartWith('warn.yaml:2:52 backends.b: warning: found backend "b", which nothing leads to')
})

test('a file that is not there is a problem', async () => {
  expect(await run(['gone.yaml'])).toEqual({
    code: 1,
    out: '',
    err: 'sluice check: there is no file gone.yaml\n',
  })
})

test('wrong usage is exit code 2, and help is not wrong', async () => {
  for (const args of [
    ['a', 'b'],
    ['a', '-c', 'b'],
    ['--nope', 'a'],
  ]) {
    const { code, out, err } = await run(args)
    expect(code).toBe(2)
    expect(out).toBe('')
    expect(err).toMatch(/^sluice check: .*"sluice check -h" tells more\n$/)
  }
  expect(await run(['-h'])).toMatchObject({ code: 0, err: '' })
})
