// What is taken out of the store because somebody says so, or because a request has changed it.

/**
 *   place   all of one host and target; without a host, of that target at every one
 *   prefix  all whose target begins so
 *   tag     all that their servers have given that tag
 *   rule    all of one rule
 *   all     all there is
 */
export type Purge =
  | { readonly is: 'place'; readonly host: string | null; readonly target: string }
  | { readonly is: 'prefix'; readonly host: string | null; readonly target: string }
  | { readonly is: 'tag'; readonly tag: string }
  | { readonly is: 'rule'; readonly rule: string }
  | { readonly is: 'all' }

/** Whether a purge names what is at this place: `host/target`, found by that key. Tags are told elsewhere. */
export function purgedBy(purge: Purge, place: string, key: string): boolean {
  if (purge.is === 'all') return true
  if (purge.is === 'rule') return key.startsWith(`${purge.rule}\0`)
  if (purge.is === 'tag') return false
  const slash = place.indexOf('/')
  const host = slash < 0 ? place : place.slice(0, slash)
  if (purge.host !== null && purge.host !== host) return false
  const target = place.slice(host.length)
  return purge.is === 'place' ? target === purge.target : target.startsWith(purge.target)
}

/**
 * What a person writes: "https://example.org/a?b", "example.org/a" or "/a" of every host; "*" at the end for
 * all that begin so. Null: that is none. Scheme and port name nothing: what is purged too much is asked for
 * again, what stays would be wrong.
 */
export function readPurge(text: string): Purge | null {
  const plain = text.replace(/^https?:\/\//i, '')
  const slash = plain.indexOf('/')
  if (/[^!-~]|[#\\]/.test(plain) || plain === '' || (slash < 0 && plain.includes('*'))) return null
  const authority = slash < 0 ? plain : plain.slice(0, slash)
  const host = authority.replace(/:\d*$/, '').toLowerCase()
  const target = slash < 0 ? '/' : plain.slice(slash)
  const isPrefix = target.endsWith('*')
  return {
    is: isPrefix ? 'prefix' : 'place',
    host: host === '' ? null : host,
    target: isPrefix ? target.slice(0, -1) : target,
  }
}
