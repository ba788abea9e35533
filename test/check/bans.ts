// What the linter cannot say: bans with their reasons.
import { type Breach, lineOf, type Source, sourcesIn } from './sources.ts'

interface Ban {
  readonly where: RegExp
  readonly pattern: RegExp
  readonly why: string
}

const BANS: readonly Ban[] = [
  {
    where: /^server\/(head|http|http1|tcp|tls)\/|^server\/lib\/(dial|relay|splice)|^server\/turn\/stream-/,
    // Steps of middleware and files may end and close; sockets may not.
    pattern:
      /(?<!\b(?:step|steps\[\w+\]!?|middleware|wait|log|file|listener|engine|\w*[hH]andlers|libc\(\))\??)\.(?:end|close)\(/g,
    why: 'end() and close() of a socket drop bytes it had accepted: shutdown() and linger, or terminate()',
  },
  {
    where: /^server\//,
    pattern: /import \{[^}]*\b(?:request|get|createServer|Agent)\b[^}]*\} from 'node:https?'/g,
    why: 'HTTP is our own codec',
  },
  {
    where: /^server\/(head|http|http1|backends|rules|middleware|snapshot|worker|lib)\//,
    pattern: /(?<![.\w])fetch\(|\bBun\.serve\(/g,
    why: 'the data path has its own client and its own listener',
  },
  {
    where: /^server\/(head|http1)\//,
    pattern: /\bnew URL\(/g,
    why: 'a URL object costs 0.2 µs and normalises what must stay as it came',
  },
  {
    where: /^server\/(?!control\/store\/)/,
    pattern: /'bun:sqlite'/g,
    why: 'what is kept has one room: server/control/store/',
  },
  {
    where: /^(server|bench|test\/(?!support\/processes))/,
    pattern: /(?<!\.)\bprocess\.kill\(/g,
    why: 'a missing pid as 0 or -1 ends everything: sendSignal() of test/support/processes.ts, or the child itself',
  },
  {
    where: /^(server|bench|test|build\.ts)/,
    pattern: /^\s+private (?!constructor\b)/gm,
    why: 'private members are spelled #name',
  },
  {
    where: /^(server|bench|test\/support|build\.ts)/,
    pattern: /\b(?:TODO|FIXME|HACK)\b/g,
    why: 'finish it or say it in the README',
  },
  {
    where: /^(server|README|CHANGELOG)/,
    pattern: /\b(?:issue|ticket) #?\d+\b/gi,
    why: 'the project says what it is, not how it was made',
  },
  {
    where: /^server\//,
    // As an option of the bundler it is its own word.
    pattern: /\b(?:upstream|downstream|entrypoint|vhost|frontend)s?\b(?!: \[file\])/gi,
    why: 'one word per idea: server, client, listener',
  },
  {
    where: /^web\/.*\.(?:tsx?|html)$/,
    pattern: /\sstyle="|\bdangerouslySetInnerHTML\b|\b(?:inner|outer)HTML\b|\binsertAdjacentHTML\b/g,
    why: "the page's policy (CSP) refuses it, or it lets what others wrote become markup: JSX, or CSSOM",
  },
  {
    where: /^web\/(?!styles\/tokens\.css$).*\.css$/,
    pattern: /#[0-9a-f]{3,8}\b(?![^{};]*\{)|\b(?:rgb|hsl|oklch|oklab|lab|lch|hwb)a?\(/gi,
    why: 'colours are tokens: web/styles/tokens.css',
  },
  {
    where: /^web\/(?:pages|parts)\/.*\.tsx?$/,
    pattern: /\bDate\.now\(|\bnew Date\(\)/g,
    why: 'the clock of a browser may be hours off: gatewayNow() of web/data/clock.ts, or performance.now() for what is no time of day',
  },
]

const OTHERS = ['README.md', 'CHANGELOG.md', 'build.ts', 'package.json']

const isBuilt = (path: string): boolean => path.startsWith('web/dist/')

/** Every line that a ban names. */
export async function checkBans(): Promise<Breach[]> {
  const sources: Source[] = ['server', 'bench', 'test', 'config', 'deploy'].flatMap((folder) =>
    sourcesIn(folder, ['.ts', '.yaml', '.toml', '.lua', '.service', 'Dockerfile']),
  )
  sources.push(...sourcesIn('web', ['.ts', '.tsx', '.css', '.html']).filter(({ path }) => !isBuilt(path)))
  for (const path of OTHERS) {
    const file = Bun.file(path)
    if (await file.exists()) sources.push({ path, text: await file.text() })
  }
  return sources.filter(({ path }) => path !== 'test/check/bans.ts').flatMap(breachesOf)
}

function breachesOf({ path, text }: Source): Breach[] {
  return BANS.filter(({ where }) => where.test(path)).flatMap(({ pattern, why }) =>
    [...text.matchAll(pattern)].map((match) => `${path}:${lineOf(text, match.index)}: ${match[0]} — ${why}`),
  )
}
