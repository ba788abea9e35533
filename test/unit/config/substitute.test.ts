import { expect, test } from 'bun:test'
import { configOf, linesOf, parse, problemsOf } from './parse.ts'

const text = (url: string, more = ''): string => `listen: ":0"\nbackends:\n  - { url: ${url} }\n${more}`
const urlOf = (url: string, env: Record<string, string> = {}): string | undefined =>
  configOf(text(url), { env }).backends['default']?.servers[0]?.url

test('variables and their defaults are put in place', () => {
  expect(urlOf('"http://${HOST}:${PORT:-80}"', { HOST: 'a' })).toBe('http://a:80')
  expect(urlOf('"http://${HOST}:${PORT:-80}"', { HOST: 'a', PORT: '81' })).toBe('http://a:81')
  expect(urlOf('"http://${HOST:-b}"', { HOST: '' })).toBe('http://b')
})

test('what is put in place is not looked at again', () => {
  const rule = 'match: { header: { X-A: "${A}" } }'
  const config = configOf(text('http://a', rule), { env: { A: '${B}' } })
  expect(config.rules[0]?.match.header['X-A']).toBe('${B}')
})

test('$${ stands for ${', () => {
  const config = configOf(text('http://a', 'match: { header: { X-A: "$${B}" } }'))
  expect(config.rules[0]?.match.header['X-A']).toBe('${B}')
})

test('a whole scalar may stand for a number or a truth value, and stays text where text is wanted', () => {
  const more =
    'workers: ${N}\nlogs: { access: { enabled: "${B}" } }\nmatch: { header: { X-A: "${N}" } }\nadmin: ${F}'
  const config = configOf(text('http://a', more), { env: { N: '3', B: 'false', F: 'false' } })
  expect(config.workers).toBe(3)
  expect(config.logs.access.enabled).toBe(false)
  expect(config.rules[0]?.match.header['X-A']).toBe('3')
  expect(config.admin).toBe(false)
  expect(problemsOf(text('http://a', 'workers: "${N}2"'), { env: { N: '1' } })[0]?.code).toBe('wrong-type')
})

test('files are found beside the config file, without their last line break', () => {
  const files = { '/etc/sluice/host.txt': 'a\n', '/run/port': '81\r\n' }
  const parsed = parse(text('"http://${file:host.txt}:${file:/run/port}"'), { files })
  if (!parsed.ok) throw new Error('not valid')
  expect(parsed.config.backends['default']?.servers[0]?.url).toBe('http://a:81')
  expect(parsed.files).toEqual(['/etc/sluice/host.txt', '/run/port'])
})

test('what cannot be put in place is a problem there, told once', () => {
  expect(linesOf(text('"http://${HOST}"'))).toEqual([
    '3:12 backends[0].url: found ${HOST}, which is not set, allowed an environment variable that is set; set it, or give a default: ${HOST:-…}',
  ])
  expect(linesOf(text('"${file:x}"'))).toEqual([
    '3:12 backends[0].url: found ${file:x}, which cannot be read, allowed a readable text file; it is /etc/sluice/x: no such file',
  ])
  expect(linesOf(text('"${a b}"'))[0]).toContain('found "${a b}", allowed ${NAME}')
  expect(linesOf(text('"${A"'))[0]).toContain('found "${" without "}"')
  expect(problemsOf(text('http://a', 'logs: { level: "${toString}" }'))[0]?.code).toBe('substitution')
})

test('a brace that YAML takes for a map is told to be put in quotes', () => {
  expect(linesOf(text('${HOST}'))[0]).toEndWith('put text with "${" in quotes within { } and [ ]')
})

test('a secret is never repeated in a problem', () => {
  const env = { SECRET: 'hunter2' }
  const files = { '/etc/sluice/s': 'hunter2' }
  for (const url of ['"${SECRET}"', '"${file:s}"', '"http://x/${SECRET}"']) {
    const lines = linesOf(text(url, 'algorithm: ${SECRET}\nworkers: ${SECRET}\ndrain: "${SECRET}"'), {
      env,
      files,
    })
    expect(lines).toHaveLength(4)
    expect(lines.join('\n')).not.toContain('hunter2')
    expect(lines[0]).toContain('which stands for')
  }
})
