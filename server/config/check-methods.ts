// Methods of rules.
import type { Checked } from './checked.ts'
import { KNOWN_METHODS } from './known-methods.ts'
import { nearest } from './nearest.ts'
import { isStandIn } from './stand-in.ts'
import type { Path } from './tree.ts'

/** TRACE and CONNECT are answered with 405 before any rule is looked at. */
export function checkMethods(checked: Checked, path: Path, methods: readonly string[]): void {
  for (const [place, method] of methods.entries()) {
    const here = [...path, place]
    if (method === 'TRACE' || method === 'CONNECT')
      checked.warn({
        code: 'unreachable',
        path: here,
        found: checked.said(here, method),
        allowed: 'a method that reaches rules',
        hint: 'it is answered with 405 before them',
      })
    else if (!isStandIn(method) && !KNOWN_METHODS.has(method)) checkUnknownMethod(checked, here, method)
  }
}

/** Any word may be a method; one that is nearly a known one is more likely a slip. */
function checkUnknownMethod(checked: Checked, path: Path, method: string): void {
  const near = nearest(method, KNOWN_METHODS)
  if (near === null) return
  checked.warn({
    code: 'wrong-value',
    path,
    found: checked.said(path, method),
    allowed: 'a method that clients send',
    hint: checked.isSubstituted(path) ? null : `did you mean "${near}"?`,
  })
}
