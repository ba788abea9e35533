// Whether a certificate is for a name (RFC 6125 §6.4.3): a wildcard stands for one label, the first.
import { comparableName } from '../../tls/comparable-name.ts'

/** `wanted` may be a wildcard itself. */
export function matchesName(own: string, wanted: string): boolean {
  const [pattern, name] = [comparableName(own), comparableName(wanted)]
  if (pattern === name) return true
  return (
    pattern.startsWith('*.') && !name.startsWith('*.') && name.slice(name.indexOf('.')) === pattern.slice(1)
  )
}
