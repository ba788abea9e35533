// Paths with parameters: "/users/{id}/posts/{post}", where each stands for one segment, and
// "/files/{rest...}", where the last stands for all that is left.

export type Segment =
  | { readonly is: 'text'; readonly text: string }
  /** One segment, which is not empty. */
  | { readonly is: 'one'; readonly name: string }
  /** All segments from here on, which may be an empty one; the last of a template. No name: "*". */
  | { readonly is: 'rest'; readonly name: string | null }

/** More are no path of somebody's application. */
const SEGMENTS_MAX = 64

/** Whether a path has parameters. */
export const isTemplate = (path: string): boolean => /[{}]/.test(path)

/** Reads a path with parameters, from behind its first "/"; or says what is wrong with it. */
export function readTemplate(path: string): readonly Segment[] | { readonly problem: string } {
  const texts = path.split('/').slice(1)
  if (texts.length > SEGMENTS_MAX) return { problem: `it has more than ${SEGMENTS_MAX} segments` }
  const segments: Segment[] = []
  const names = new Set<string>()
  for (const [place, text] of texts.entries()) {
    const segment = readSegment(text)
    if (segment === null)
      return {
        problem: 'a parameter is a whole segment, as in "/a/{name}/b": write { regex: … } for a part of one',
      }
    if (segment.is === 'rest' && place < texts.length - 1)
      return { problem: `${segment.name === null ? '"*"' : `{${segment.name}...}`} stands only at the end` }
    if (segment.is !== 'text' && segment.name !== null) {
      if (names.has(segment.name)) return { problem: `{${segment.name}} stands in it twice` }
      names.add(segment.name)
    }
    segments.push(segment)
  }
  return segments
}

function readSegment(text: string): Segment | null {
  if (text === '*') return { is: 'rest', name: null }
  const [, name, dots] = /^\{([A-Za-z_][A-Za-z0-9_]{0,62})(\.\.\.)?\}$/.exec(text) ?? []
  if (name !== undefined) return dots === undefined ? { is: 'one', name } : { is: 'rest', name }
  return /[{}*]/.test(text) ? null : { is: 'text', text }
}
