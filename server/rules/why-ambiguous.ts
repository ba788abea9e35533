// Why it is not clear which rule a request belongs to, in words.

const PATH_REASONS: readonly (readonly [RegExp, string])[] = [
  [/%00/, '%00 in the path'],
  [/%(?![0-9A-Fa-f]{2})/, '"%" in the path that begins no escape'],
  [/\\/, 'a backslash in the path'],
  [/%2f/i, 'an escaped slash (%2F) in the path'],
  [/%5c/i, 'an escaped backslash (%5C) in the path'],
  [/;/, 'parameters (";") in the path'],
  [/\/\//, 'two slashes in a row in the path'],
  [/(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)/i, 'dot segments in the path'],
  [/%/, 'needless escapes in the path'],
]

/**
 * Says what readers could take differently: of the path as it came, or of the fields (lower-case names) that
 * came twice with different values.
 */
export function whyAmbiguous(path: string, fieldsThatDiffer: readonly string[]): string {
  const ofPath = PATH_REASONS.find(([pattern]) => pattern.test(path))?.[1]
  const ofFields = fieldsThatDiffer.map((name) => `the field ${name} came twice with different values`)
  return [...(ofPath === undefined ? [] : [ofPath]), ...ofFields].join(', or ')
}
