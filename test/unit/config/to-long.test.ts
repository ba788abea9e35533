// The short form written in the long one: the same config, and every comment is there.
import { expect, test } from 'bun:test'
import { toLongText } from '../../../server/config/edit/to-long-text.ts'
import { parseConfig } from '../../../server/config/load.ts'

const YAML = `# Our gateway
# second line

x-check: &check
  path: /up

listen: 0.0.0.0:8080   # http
backends:
  # rack A
  - url: http://10.0.0.1:80   # one
    weight: 3
  - url: http://10.0.0.2:80

algorithm: random  # pick
health_check: *check

# limits
rate_limit:
  # of each
  requests: 10
  per: 1s
middleware:
  # smaller
  - compress: {}
match:
  path: /a/*
logs:
  level: debug
# end
`

const TOML = `# Our gateway
listen = "0.0.0.0:8080" # http
algorithm = "random" # pick
data = "./d"

# rack
[[backends]]
url = "http://10.0.0.1:80" # one
weight = 3

[[backends]]
url = "http://10.0.0.2:80"

[health_check]
path = "/up"

# limits
[rate_limit]
requests = 10
per = "1s"

[match]
path = "/a/*"

[logs]
level = "debug"
`

const JSON_TEXT = '{\n  "listen": ":80",\n  "backends": [{ "url": "http://a:1" }],\n  "compress": {}\n}\n'

const configOf = (file: string, text: string): unknown => {
  const loaded = parseConfig(file, Buffer.from(text), {})
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
  return loaded.config
}
const commentsIn = (text: string): string[] => (text.match(/# .*$/gm) ?? []).toSorted()

test.each([
  ['sluice.yaml', YAML],
  ['windows.yaml', YAML.replaceAll('\n', '\r\n')],
  ['marked.yaml', `\uFEFF${YAML}`],
  ['open.yaml', YAML.trimEnd()],
  ['least.yaml', 'listen: ":80"\nbackends: [{ url: "http://a:1" }]\n'],
  ['sluice.toml', TOML],
  ['sluice.json', JSON_TEXT],
])('%s', (file, text) => {
  const made = toLongText(file, text)
  if ('refused' in made) throw new Error(made.refused)
  expect(configOf(file, made.text)).toEqual(configOf(file, text))
  expect(commentsIn(made.text)).toEqual(commentsIn(text))
  expect(made.text.includes('\r\n')).toBe(text.includes('\r\n'))
  expect(made.text.startsWith('\uFEFF')).toBe(text.startsWith('\uFEFF'))
  // What is long already stays as it is.
  expect(toLongText(file, made.text)).toEqual({ text: made.text, isReformatted: false })
})

test('of YAML the lines are as they were, further in', () => {
  expect(toLongText('a.yaml', YAML)).toEqual({
    isReformatted: false,
    text: `# Our gateway
# second line

x-check: &check
  path: /up

listeners:
  default:
    bind: 0.0.0.0:8080   # http
    status_endpoints: { health: /_health, metrics: /_metrics }

backends:
  default:
    servers:
      # rack A
      - url: http://10.0.0.1:80   # one
        weight: 3
      - url: http://10.0.0.2:80
    algorithm: random  # pick
    health_check: *check

rules:
  - name: default
    match:
      path: /a/*
    middleware:
      # limits
      - rate_limit:
          # of each
          requests: 10
          per: 1s
      # smaller
      - compress: {}
    backend: default

logs:
  level: debug
# end
`,
  })
})
