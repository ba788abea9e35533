// What the control socket answers to who changes the config: apply a text, confirm it, go back.
import type { Changed } from '../control/change/changes.ts'
import type { ControlFacts } from '../control/facts.ts'
import { jsonAnswer, notAllowed, problemAnswer } from './problem.ts'

/** No config file is larger. */
const TEXT_BYTES_MAX = 16 * 1024 * 1024
/** Whoever waits longer for a confirmation has forgotten it. */
const CONFIRM_S_MAX = 24 * 60 * 60

/** Null: that is nothing of the config. */
export async function configAnswer(request: Request, facts: ControlFacts): Promise<Response | null> {
  switch (new URL(request.url).pathname) {
    case '/api/v1/reload':
      return request.method === 'POST' ? changedAnswer(await facts.reload(), 'file') : notAllowed('POST')
    case '/api/v1/config':
      return request.method === 'PUT' ? applyAnswer(request, facts) : notAllowed('PUT')
    case '/api/v1/config/confirm':
      if (request.method !== 'POST') return notAllowed('POST')
      return facts.confirm() ? jsonAnswer({}) : problemAnswer(409, 'Nothing waits to be confirmed.')
    case '/api/v1/config/rollback':
      return request.method === 'POST' ? rollBackAnswer(request, facts) : notAllowed('POST')
    default:
      return null
  }
}

async function applyAnswer(request: Request, { apply }: ControlFacts): Promise<Response> {
  const { searchParams } = new URL(request.url)
  // A word that is not understood may be the one that keeps the text from being served.
  const odd = oddParameter(searchParams)
  if (odd !== null) return problemAnswer(400, odd)
  const bytes = new Uint8Array(await request.arrayBuffer())
  if (bytes.length > TEXT_BYTES_MAX)
    return problemAnswer(413, 'The text is larger than a config file may be.')
  const expected = hashIn(request.headers.get('if-match'))
  if (expected === undefined)
    return problemAnswer(400, 'If-Match is no hash: at least 8 hexadecimal digits, in quotes.')
  const seconds = searchParams.get('confirm_within')
  const confirmS = seconds === null ? null : Number(seconds)
  if (confirmS !== null && !(confirmS > 0 && confirmS <= CONFIRM_S_MAX))
    return problemAnswer(400, `confirm_within is no number of seconds up to ${CONFIRM_S_MAX}.`)
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return problemAnswer(400, 'The text is no UTF-8.')
  }
  const { changed, warnings } = await apply({
    text,
    by: byOf(request),
    expected,
    isDryRun: searchParams.get('dry_run') === 'true',
    confirmWithinMs: confirmS === null ? null : confirmS * 1000,
  })
  return changedAnswer(changed, 'text', warnings)
}

/** What stands against the parameters of a change; null: nothing. */
function oddParameter(parameters: URLSearchParams): string | null {
  for (const name of parameters.keys())
    if (name !== 'dry_run' && name !== 'confirm_within') return `There is no parameter "${name}".`
  const isDryRun = parameters.get('dry_run') ?? 'false'
  if (isDryRun !== 'true' && isDryRun !== 'false') return 'dry_run is "true" or "false".'
  return null
}

async function rollBackAnswer(request: Request, { rollBack, takenBack }: ControlFacts): Promise<Response> {
  const done = rollBack(byOf(request))
  if (done === null) {
    const revision = takenBack()
    const why =
      revision === null
        ? 'nothing was changed in this run'
        : `revision ${revision} was taken back already, and what was before it is served`
    return problemAnswer(409, `There is nothing to go back to: ${why}.`)
  }
  return changedAnswer(await done, 'text')
}

/** Who asks says who it is: nobody else can ask here. */
const byOf = (request: Request): string | null => request.headers.get('from')?.slice(0, 200) ?? null

/** Null: there is none; undefined: it is no hash. */
function hashIn(tag: string | null): string | null | undefined {
  if (tag === null) return null
  return /^"?([0-9a-f]{8,64})"?$/.exec(tag.toLowerCase())?.[1]
}

function changedAnswer(changed: Changed, what: 'file' | 'text', warnings: readonly string[] = []): Response {
  const more = warnings.length > 0 && { warnings }
  switch (changed.is) {
    case 'applied':
      return jsonAnswer({ revision: changed.revision, hash: changed.hash, ...more })
    case 'sound':
      return jsonAnswer({ hash: changed.hash, dry_run: true, ...more })
    case 'not_now':
      return problemAnswer(503, 'The gateway starts or stops: nothing is changed now.')
    case 'rejected': {
      // `text` is the same as a line for people.
      const errors = changed.problems.map(({ text: _, ...problem }) => problem)
      const status = errors.some(({ code }) => code === 'file_changed') ? 412 : 422
      return problemAnswer(
        status,
        `The ${what} was refused: revision ${changed.revision} goes on.`,
        {},
        errors,
      )
    }
  }
}
