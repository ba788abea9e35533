// Problems of a config brought to the fields of a listener's form.
import type { ProblemItem } from '../../data/problem.ts'

/** By JSON pointer from the listener: `/limits/connections`. What is about something else is left out. */
export function errorsOf(name: string, items: readonly ProblemItem[]): Record<string, string> {
  const errors: Record<string, string> = {}
  for (const { path, message, hint } of items) {
    const pointer = path === undefined ? null : pointerBelow(name, path)
    if (pointer === null || pointer in errors) continue
    const words = `${message.charAt(0).toUpperCase()}${message.slice(1)}`
    errors[pointer] = hint === undefined || hint === null ? `${words}.` : `${words}: ${hint}.`
  }
  return errors
}

/** `listeners.web.bind[1]` → `/bind/1`; null: it is about another. */
function pointerBelow(name: string, path: string): string | null {
  for (const own of [`listeners.${name}`, `listeners[${JSON.stringify(name)}]`]) {
    if (path === own) return '/'
    if (!path.startsWith(own)) continue
    const rest = path.slice(own.length)
    if (rest.startsWith('.') || rest.startsWith('['))
      return rest.replaceAll(/\[(\d+)\]/g, '/$1').replaceAll('.', '/')
  }
  return null
}
