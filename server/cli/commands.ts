// The commands, each in a file of its own, loaded when it is asked for.
import type { CommandEntry } from './command.ts'

/** What people look for by other words, as other tools have them, and what it is here. */
export const OTHER_WORDS: Readonly<Record<string, string>> = {
  purge: 'cache purge URL',
  drain: 'server SERVER drain',
  maintenance: 'server SERVER maintenance',
  ready: 'server SERVER ready',
  weight: 'server SERVER weight N',
  servers: 'status',
  backends: 'status',
  listeners: 'status',
  user: 'admin user',
  users: 'admin user list',
  token: 'admin token',
  tokens: 'admin token list',
  validate: 'check',
  test: 'check',
  htpasswd: 'hash',
  'hash-password': 'hash',
  lint: 'check',
  start: 'run',
  serve: 'run',
  quit: 'stop',
  log: 'events',
  logs: 'events',
  top: 'tap',
  revisions: 'history',
  undo: 'rollback',
  get: 'api',
  cert: 'certificates',
  certs: 'certificates',
  bundle: 'diagnostics',
  support: 'diagnostics',
}

/** By name, in the order of `sluice -h`. */
export const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  run: {
    does: 'serve what a config file says',
    load: async () => (await import('./run.ts')).run,
    words: ['files'],
  },
  check: {
    does: 'look for problems in a config file',
    load: async () => (await import('./check.ts')).check,
    words: ['files'],
  },
  demo: {
    does: 'sample servers, a gateway and a little traffic, to look at',
    load: async () => (await import('./demo/demo.ts')).demo,
  },
  status: {
    does: 'how a running gateway is: servers, certificates, config',
    load: async () => (await import('./status.ts')).status,
    words: ['balancers'],
  },
  health: {
    does: 'which servers are up',
    load: async () => (await import('./health.ts')).health,
    words: ['balancers'],
  },
  explain: {
    does: 'what becomes of a request, and why: rule, middleware, backend, servers',
    load: async () => (await import('./explain.ts')).explain,
  },
  tap: {
    does: 'requests of a running gateway as they end, by a filter',
    load: async () => (await import('./tap.ts')).tap,
  },
  server: {
    does: 'how a server is; drain it, put it in maintenance, weigh it anew, check it now',
    load: async () => (await import('./server/server.ts')).server,
    words: ['servers', 'within', 'within'],
  },
  metrics: {
    does: 'what was served so far',
    load: async () => (await import('./metrics.ts')).metrics,
    words: ['balancers'],
  },
  certificates: {
    does: 'how the certificates are that come by ACME; have one tried now',
    load: async () => (await import('./certificates.ts')).certificates,
    words: ['certificates'],
  },
  cache: {
    does: 'what the caches of a running gateway have stored; purge some of it',
    load: async () => (await import('./cache.ts')).cache,
  },
  reload: {
    does: 'have a running gateway apply its config file, and hear what it says',
    load: async () => (await import('./reload.ts')).reload,
  },
  apply: {
    does: 'check a file against a running gateway and have that serve it; with a way back',
    load: async () => (await import('./apply.ts')).apply,
    words: ['files'],
  },
  confirm: {
    does: 'keep what was applied with --confirm-within',
    load: async () => (await import('./confirm.ts')).confirm,
  },
  rollback: {
    does: 'have a running gateway go back to what it served before',
    load: async () => (await import('./rollback.ts')).rollback,
    words: ['revisions'],
  },
  history: {
    does: 'the texts that a gateway has served, by whom and by what',
    load: async () => (await import('./history.ts')).history,
    words: ['revisions'],
  },
  diff: {
    does: 'what differs between two of them, or the file and what is served',
    load: async () => (await import('./diff.ts')).diff,
    words: [
      ['running', 'disk'],
      ['running', 'disk'],
    ],
  },
  upgrade: {
    does: 'have a running gateway hand over to a new executable, with nothing lost',
    load: async () => (await import('./upgrade.ts')).upgrade,
    words: ['files'],
  },
  stop: {
    does: 'have a running gateway finish what is in flight and stop',
    load: async () => (await import('./stop.ts')).stop,
  },
  events: {
    does: 'what happened to a running gateway, and what happens now',
    load: async () => (await import('./events.ts')).events,
  },
  diagnostics: {
    does: 'all that helps to find out what is wrong, in one document without secrets',
    load: async () => (await import('./diagnostics.ts')).diagnostics,
  },
  api: {
    does: 'ask the admin API anything',
    load: async () => (await import('./api.ts')).api,
    words: ['paths'],
  },
  admin: {
    does: 'users and tokens of the admin API, and the ways back in',
    load: async () => (await import('./admin/admin.ts')).admin,
    words: ['within', 'within'],
  },
  hash: {
    does: 'a hash of a password or of a key of an API, for a config or a file of users',
    load: async () => (await import('./hash.ts')).hash,
  },
  turn: {
    does: 'credentials, allocations and tests of STUN and TURN',
    load: async () => (await import('./turn/turn.ts')).turn,
    words: ['within'],
  },
  config: {
    does: 'the config as it takes effect, defaults filled in, secrets hidden',
    load: async () => (await import('./config.ts')).config,
    words: ['files'],
  },
  edit: {
    does: 'a config file with one setting changed and all else as it stands',
    load: async () => (await import('./edit.ts')).edit,
  },
  example: {
    does: 'example configs; the first one explains every setting',
    load: async () => (await import('./example.ts')).example,
    words: ['examples'],
  },
  schema: {
    does: 'the JSON Schema of config files, for editors',
    load: async () => (await import('./schema.ts')).schema,
  },
  types: {
    does: 'the types of plugins',
    load: async () => (await import('./types.ts')).types,
  },
  completion: {
    does: 'what bash, zsh or fish needs to complete all this',
    load: async () => (await import('./completion/completion.ts')).completionOf(COMMANDS),
    words: ['within'],
  },
  version: {
    does: 'the version of this program',
    load: async () => (await import('./version.ts')).version,
  },
}

/** The command of this name. */
export function findCommand(name: string): CommandEntry | undefined {
  return Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
}

/** What `sluice -h` says. */
export function generalHelp(): string {
  const width = Math.max(...Object.keys(COMMANDS).map(({ length }) => length))
  const lines = Object.entries(COMMANDS).map(([name, { does }]) => `  ${name.padEnd(width)}  ${does}\n`)
  return `Sluice balances HTTP, TCP and UDP, ends TLS and relays WebRTC (STUN and TURN), and is changed live by its config file.

Usage: sluice COMMAND [options]

${lines.join('')}
  -h, --help     this text; after a command the text on it
  -V, --version  the version of this program

"sluice COMMAND -h" tells more about a command.
`
}
