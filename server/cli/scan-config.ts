// What a config file seems to say of where its gateway is asked. It is looked at as text: it may be broken,
// refused, or need an environment that only the gateway has, and the gateway goes on all the same. Who asks
// tries what is found here, and does not rely on it.

/** What a text seems to say. */
export interface Scanned {
  /** As written; null: nothing that could be read here. */
  readonly data: string | null
  /** `admin.bind` as written; false: turned off; null: nothing is said. */
  readonly admin: string | false | null
}

/** Looks at YAML, TOML or JSON, valid or not. */
export function scanConfig(text: string): Scanned {
  const tables = text.search(/^\[/m)
  // In TOML, what stands behind the first table belongs to it.
  const root = tables < 0 ? text : text.slice(0, tables)
  return { data: plain(firstOf(DATA, root)), admin: adminOf(text) }
}

const WORD = /(?:"([^"\n]*)"|'([^'\n]*)'|([^\s"'#,{}[\]][^#,}\n]*))/.source
const DATA = new RegExp(`^(?:[ \\t]*[{,]?[ \\t]*"data"|data)[ \\t]*[:=][ \\t]*${WORD}`, 'm')
const ADMIN_OFF = /^(?:[ \t]*[{,]?[ \t]*"admin"|admin)[ \t]*[:=][ \t]*false\b/m
const ADMIN_BIND = [
  // admin: { bind: … } and "admin": { "bind": … }
  new RegExp(
    `^(?:[ \\t]*[{,]?[ \\t]*"admin"|admin)[ \\t]*[:=]\\s*\\{[^}]*?\\bbind"?\\s*[:=]\\s*${WORD}`,
    'm',
  ),
  // admin: with lines below that are indented
  new RegExp(
    `^admin[ \\t]*:[ \\t]*(?:#.*)?\\n(?:(?:[ \\t].*|#.*)?\\n)*?[ \\t]+bind[ \\t]*:[ \\t]*${WORD}`,
    'm',
  ),
  // [admin] with lines below, and admin.bind
  new RegExp(`^\\[admin\\][^\\n]*\\n(?:(?!\\[).*\\n)*?[ \\t]*bind[ \\t]*=[ \\t]*${WORD}`, 'm'),
  new RegExp(`^admin\\.bind[ \\t]*=[ \\t]*${WORD}`, 'm'),
]

function adminOf(text: string): string | false | null {
  if (ADMIN_OFF.test(text)) return false
  for (const pattern of ADMIN_BIND) {
    const found = firstOf(pattern, text)
    if (found !== null) return plain(found)
  }
  return null
}

function firstOf(pattern: RegExp, text: string): string | null {
  const [, double, single, bare] = pattern.exec(text) ?? []
  return double ?? single ?? bare?.trim() ?? null
}

/** What is filled in from the environment is not known here. */
const plain = (text: string | null): string | null => (text === '' || text?.includes('${') ? null : text)
