// The config in the forms in which it may be read. Its text may hold secrets, in comments as well: it is for
// those who may change it; others get what it says, with secrets hidden.
import { extname } from 'node:path'
import { ownTree } from '../config/edit/older-edits.ts'
import { longTreeOfText, treeOfText } from '../config/plain.ts'
import { plainOf } from '../config/tree.ts'
import type { Config } from '../config/schema.ts'
import { shownAsWritten, shownConfig } from '../config/shown.ts'
import { isAtLeast } from '../control/store/principal.ts'
import { redactedText } from '../control/store/redacted.ts'
import { weightOf } from './accept.ts'
import { problem } from './problem.ts'
import type { Asked } from './route.ts'

export interface ViewedConfig {
  readonly file: string
  readonly text: string
  /** SHA-256 of the text. */
  readonly hash: string
  /** As it is told to who asks; null: it is not. */
  readonly tag: string | null
  /** What takes effect, with every default; null: what is written is asked for. */
  readonly effective: Config | null
}

/** The content type of a config file, by its ending. */
export function typeOfFile(file: string): string {
  const ending = extname(file).toLowerCase()
  return ending === '.toml' ? 'application/toml' : ending === '.json' ? JSON_TYPE : 'application/yaml'
}

const JSON_TYPE = 'application/json'

/**
 * Refuses a text of another format than the file has, which would be nothing but slips; JSON is YAML as well.
 * Null: it is none, or not said.
 */
export function otherFormat(contentType: string | null, file: string): Response | null {
  const [type = ''] = contentType?.split(';') ?? []
  const own = typeOfFile(file)
  const isSaid = type.startsWith('application/') && type !== 'application/octet-stream'
  if (!isSaid || type === own || (type === JSON_TYPE && own === 'application/yaml')) return null
  return problem('type_not_taken', `The config file is ${own}, and so must be what is to take its place.`)
}

/** Answers with a config in the form that is preferred. */
export function configView({ request, who }: Pick<Asked, 'request' | 'who'>, viewed: ViewedConfig): Response {
  const tag = viewed.tag === null ? null : `"${viewed.tag}"`
  const mayReadText = isAtLeast(who.role, 'editor') && viewed.effective === null
  const form = preferred(request.headers.get('accept') ?? '*/*', typeOfFile(viewed.file), mayReadText)
  if (form === null)
    return problem(
      'not_acceptable',
      `There is ${typeOfFile(viewed.file)}, as it is written, and ${JSON_TYPE}.`,
    )
  if (form === 'text' && !mayReadText) return refused(viewed.effective !== null)
  const headers = { ...(tag !== null && { ETag: tag }), Vary: 'Accept' }
  if (tag !== null && request.headers.get('if-none-match') === tag)
    return new Response(null, { status: 304, headers })
  if (form === 'text')
    return new Response(viewed.text, { headers: { ...headers, 'Content-Type': typeOfFile(viewed.file) } })
  const body = bodyOf(viewed, mayReadText)
  if (body === null) return problem('conflict', 'The file is not one that can be read: ask for its text.')
  return new Response(body, { headers: { ...headers, 'Content-Type': JSON_TYPE } })
}

/**
 * What was made last of each kind: of ten thousand rules it takes a quarter of a second, and whoever asks
 * again gets the same. What takes effect may come from other files too: it is known by the config itself.
 */
const made = new Map<string, { readonly of: Config | string; readonly body: string }>()

function bodyOf(viewed: ViewedConfig, mayReadText: boolean): string | null {
  const kind = `${viewed.effective === null} ${mayReadText}`
  const of = viewed.effective ?? `${viewed.file} ${viewed.hash}`
  const known = made.get(kind)
  if (known?.of === of) return known.body
  const document = documentOf(viewed, mayReadText)
  if (document === null) return null
  const plain = JSON.stringify(document)
  // Looked through as a whole first: mostly there is nothing to hide any more.
  const isClean = mayReadText || redactedText(plain) === plain
  const body = `${isClean ? plain : JSON.stringify(document, (_, value: unknown) => hiddenIn(value))}\n`
  made.set(kind, { of, body })
  return body
}

const hiddenIn = (value: unknown): unknown => (typeof value === 'string' ? redactedText(value) : value)

function refused(isEffective: boolean): Response {
  if (isEffective) return problem('not_acceptable', `What takes effect is ${JSON_TYPE} only.`)
  return problem('forbidden', 'The text may hold secrets: it is for the role editor.', {
    hint: `ask with Accept: ${JSON_TYPE}, which hides them`,
    members: { required_role: 'editor' },
  })
}

/** Null: none of those that there are. */
function preferred(accept: string, fileType: string, mayReadText: boolean): 'text' | 'json' | null {
  const [type = '', subtype = ''] = fileType.split('/')
  const text = Math.max(weightOf(accept, type, subtype), weightOf(accept, 'text', 'plain', false))
  const json = weightOf(accept, 'application', 'json')
  if (text === 0 && json === 0) return null
  if (fileType === JSON_TYPE || text === json) return mayReadText ? 'text' : 'json'
  return text > json ? 'text' : 'json'
}

function documentOf({ file, text, effective }: ViewedConfig, mayReadText: boolean): unknown {
  if (mayReadText) {
    const tree = treeOfText(file, text)
    return tree === null ? null : plainOf(ownTree(tree))
  }
  const long = longTreeOfText(file, text)
  if (long === null) return null
  const tree = ownTree(long)
  return effective === null ? shownAsWritten(tree) : shownConfig(effective, tree)
}
