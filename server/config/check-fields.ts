// Header fields that config writes whole.
import { isOwnOnRequest, OWN_FIELD, VARIABLES_OF_ANSWERS } from '../lib/own-fields.ts'
import type { Checked } from './checked.ts'
import { checkVariables } from './check-variables.ts'
import type { Path } from './tree.ts'

/** Checks fields of a request of ours that config writes whole. */
export function checkFields(checked: Checked, path: Path, fields: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(fields)) {
    const here = [...path, name]
    checkVariables(checked, here, value, { hint: VARIABLES_OF_ANSWERS })
    if (isOwnOnRequest(name, 'set'))
      checked.report({
        code: 'conflict',
        path: here,
        found: `the field ${JSON.stringify(name)}`,
        ...OWN_FIELD,
      })
  }
}
