// What a token may be limited to: resources by their paths, the first word of which is one of a closed list.
import { nearest } from '../../config/nearest.ts'

/** What stands first behind `/api/v1/`, or `/`: a test holds it against the table of routes. */
export const RESOURCES: readonly string[] = [
  ...[
    '_health',
    '_metrics',
    '_overview',
    'audit',
    'auth',
    'backends',
    'cache',
    'certificates',
    'changes',
    'changesets',
    'config',
  ],
  ...['events', 'explain', 'health', 'lbs', 'listeners', 'metrics', 'middleware', 'openapi.json'],
  ...[
    'operations',
    'overload',
    'overview',
    'reload',
    'requests',
    'rules',
    'sign-ins',
    'stats',
    'status',
    'stop',
    'tokens',
    'turn',
  ],
  ...['diagnostics', 'names', 'timelines', 'upgrade', 'users', 'workers'],
]

/** One segment after another, `*` last: everything below it, and it as well. */
const SCOPE = /^(?:\*|[A-Za-z0-9_.:%@[\]-]+(?:\/[A-Za-z0-9_.:%@[\]-]+)*(?:\/\*)?)$/
const CHARS_MAX = 200

/** What stands against a scope; null: nothing. Names within it may be those of what comes later. */
export function whyNoScope(scope: string): string | null {
  if (scope.length > CHARS_MAX || !SCOPE.test(scope))
    return 'a scope is a resource as "backends/api", or with what is below it, as "backends/api/*"'
  const [first = ''] = scope.split('/')
  if (first === '*' || RESOURCES.includes(first)) return null
  const near = nearest(first, RESOURCES)
  const meant = near === null ? '' : `; did you mean "${near}${scope.slice(first.length)}"?`
  return `"${scope}" would touch nothing: a scope begins with ${RESOURCES.join(', ')}, or is *${meant}`
}
