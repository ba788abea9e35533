// Names of certificates and of clients, as they are compared.

/**
 * RFC 6066 §3: lower case, without the dot at the end. Names come as A-labels from both sides; what is no
 * name stays as it is, and none is for it.
 */
export function comparableName(name: string): string {
  const lower = name.toLowerCase()
  return lower.endsWith('.') ? lower.slice(0, -1) : lower
}
