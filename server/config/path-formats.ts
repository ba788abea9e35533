// Paths of rules.
import { isTemplate, readTemplate } from '../lib/path-template.ts'
import { type Format, no, type Refused } from './format.ts'

/** A path, its beginning, or one with parameters. */
export const pathPattern: Format = {
  decode(text) {
    const path = text.endsWith('*') ? text.slice(0, -1) : text
    if (!path.startsWith('/')) return no(PATH_PATTERN, ...mendsOfPath(text))
    if (path.includes('*') && !isTemplate(path)) return no(PATH_PATTERN, '"*" stands only at the end')
    if (/[?#]/.test(path))
      return no(PATH_PATTERN, 'leave out what follows "?" or "#": only the path is compared')
    if (/\\|[\x00-\x20\x7f]|%(?![0-9A-Fa-f]{2})|%00/.test(path))
      return no(PATH_PATTERN, null, [text.replaceAll(' ', '%20')])
    // Requests have lost their dot segments when they are compared; the last segment of a prefix is only
    // begun.
    const whole = text.endsWith('*') ? path.slice(0, path.lastIndexOf('/') + 1) : path
    if (/\/\.\.?(?:\/|$)/.test(whole.replace(/%2e/gi, '.')))
      return no(PATH_PATTERN, 'write the path without "." and ".." segments')
    return isTemplate(text) ? template(text) : { value: text }
  },
}
const PATH_PATTERN = 'a path that begins with "/", such as "/a", "/a/*", "/a*" or "/a/{name}"'

function template(text: string): { readonly value: string } | Refused {
  const read = readTemplate(text)
  if (!('problem' in read)) return { value: text }
  const { problem } = read
  // nginx, Express and gorilla bind parameters by patterns and signs of their own.
  const plain = text
    .replace(/\{([A-Za-z_]\w*):\.[*+]\}/g, '{$1...}')
    .replace(/\{\*\*?([A-Za-z_]\w*)\}/g, '{$1...}')
    .replace(/\{([A-Za-z_]\w*)(?::[^{}]*|\?)\}/g, '{$1}')
  return no(PATH_PATTERN, problem, plain === text ? [] : [plain])
}

/** A hint, and what to write in place of a path without "/" before it. */
function mendsOfPath(text: string): [hint: string | null, mends: readonly string[]] {
  if (text === '*') return ['leave "path" out to match every path', []]
  if (/^[~^]/.test(text)) return ['a regular expression is written { regex: "^/…" }', []]
  const [, ofUrl] = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/]+(\/.*)$/.exec(text) ?? []
  if (ofUrl !== undefined) return ['leave scheme and host out', [ofUrl]]
  return [null, /^[A-Za-z0-9]/.test(text) ? [`/${text}`] : []]
}
