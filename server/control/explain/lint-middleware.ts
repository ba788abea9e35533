// Steps of a rule that do nothing where they stand, or act before what should come first.
import type { Path } from '../../config/tree.ts'
import type { MiddlewareName } from '../../middleware/middleware.options.ts'
import type { RuleConfig } from '../../rules/rule.options.ts'
import type { LintFinding } from './lint-finding.ts'

/** A step that is there, at its place. */
interface Item {
  readonly name: string
  readonly options: Readonly<Record<string, unknown>>
  readonly place: number
}

/** Who asks who it is: what stands behind them is for those who may have it. */
const ACCESS: readonly string[] = ['basic_auth', 'api_key', 'jwt', 'forward_auth', 'oidc']

interface Order {
  readonly first: readonly string[]
  readonly later: readonly string[]
  /** Whether it counts for this rule. */
  readonly isFor?: (first: Item, later: Item) => boolean
  readonly why: string
}

/** What should stand before what. */
const ORDERS: readonly Order[] = [
  {
    first: ACCESS,
    later: ['cache'],
    why: 'what is kept is given to whoever asks, before anybody asks who that is',
  },
  { first: ['ip', 'geo'], later: ['cache'], why: 'what is kept is given to clients that are not let in' },
  {
    first: ['ip', 'geo'],
    later: ['rate_limit', 'concurrency'],
    isFor: (_, { options }) => !byClientAlone(options['key']),
    why: 'who is not let in takes from what others share',
  },
  {
    first: ['bandwidth_limit'],
    later: ['compress'],
    isFor: ({ options }) => options['answers'] !== undefined,
    why: 'it counts bytes before they are compressed, of which fewer are sent',
  },
  {
    first: ['cors'],
    later: ACCESS,
    why: 'browsers send preflights without credentials: they are refused before they are answered',
  },
  {
    first: ['compress'],
    later: ['replace'],
    why: 'answers pass steps in reverse: what is compressed already is not changed',
  },
  {
    first: ['error_pages'],
    later: [...ACCESS, 'ip', 'geo', 'csrf', 'rate_limit', 'concurrency'],
    why: 'answers of steps before it do not pass it',
  },
]

const byClientAlone = (key: unknown): boolean =>
  Array.isArray(key) && key.length === 1 && key[0] === 'client_ip'

/** Those that have to do with servers alone, and what they say of it. */
const FOR_SERVERS: ReadonlySet<string> = new Set(['decompress', 'cache'])

/** Of these the last one of a rule is the only one that counts. */
const LAST_COUNTS: ReadonlySet<string> = new Set<MiddlewareName>(['body_limit'])
/** A second one of a rule does nothing that the first has not done. */
const ONCE: ReadonlySet<string> = new Set<MiddlewareName>(['compress', 'request_id', 'csrf'])

export function lintMiddleware(rule: RuleConfig, path: Path): LintFinding[] {
  const items = rule.middleware.flatMap((item, place) => itemsOf(item, place))
  if (items.length === 0) return []
  const at = ({ name, place }: Item): Path => [...path, 'middleware', place, name]
  return [...idle(rule, items, at), ...misplaced(items, at)]
}

function itemsOf(item: RuleConfig['middleware'][number], place: number): Item[] {
  return Object.entries(item).flatMap(([name, options]) => {
    const words = (options ?? {}) as Item['options']
    return options === undefined || words['mode'] === 'off' ? [] : [{ name, options: words, place }]
  })
}

type At = (item: Item) => Path

function idle({ respond, redirect }: RuleConfig, items: readonly Item[], at: At): LintFinding[] {
  const own = respond !== undefined ? 'respond' : redirect !== undefined ? 'redirect' : null
  return items.flatMap((item, place) => {
    const why = whyIdle(item, { own, before: items.slice(0, place), behind: items.slice(place + 1) })
    if (why === null) return []
    const found = `a ${item.name} that does nothing`
    return [
      { kind: 'idle_step', code: 'unused', path: at(item), found, allowed: 'steps that act', hint: why },
    ]
  })
}

interface Around {
  /** What the rule answers itself. */
  readonly own: 'respond' | 'redirect' | null
  readonly before: readonly Item[]
  readonly behind: readonly Item[]
}

function whyIdle({ name, options }: Item, { own, before, behind }: Around): string | null {
  if (own !== null && FOR_SERVERS.has(name)) return `the rule's ${own} asks no server`
  if (own !== null && name === 'headers' && isEmpty(options['response']) && !isEmpty(options['request']))
    return `it edits requests to servers, and the rule's ${own} asks none`
  if (LAST_COUNTS.has(name) && behind.some((one) => one.name === name && isEnforced(one)))
    return `another ${name} behind it counts`
  if (ONCE.has(name) && before.some((one) => one.name === name && Bun.deepEquals(one.options, options)))
    return `the same ${name} stands before it`
  if (name === 'headers' && isEmpty(options['request']) && isEmpty(options['response']))
    return 'it sets, adds and removes nothing'
  const { allow, deny } = options
  if ((name === 'ip' || name === 'geo') && isEmpty(allow) && isEmpty(deny)) return 'it lets everybody pass'
  return null
}

const isEnforced = ({ options }: Item): boolean => options['mode'] !== 'shadow'

/** Nothing is said in it, however deep. */
function isEmpty(words: unknown): boolean {
  if (words === undefined) return true
  if (typeof words !== 'object' || words === null) return false
  return Object.values(words).every(isEmpty)
}

function misplaced(items: readonly Item[], at: At): LintFinding[] {
  const found: LintFinding[] = []
  for (const { first, later, isFor = () => true, why } of ORDERS)
    for (const [place, late] of items.entries()) {
      if (!first.includes(late.name)) continue
      const early = items.slice(0, place).find((one) => later.includes(one.name) && isFor(late, one))
      if (early === undefined) continue
      found.push({
        kind: 'step_order',
        code: 'conflict',
        path: at(late),
        found: `${late.name} behind ${early.name}`,
        allowed: `${late.name} before ${early.name}`,
        hint: why,
      })
    }
  return found
}
