// Answers that rules give themselves.
import { isOwnOnAnswer, OWN_FIELD } from '../lib/own-fields.ts'
import type { RuleConfig } from '../rules/rule.options.ts'
import { checkFile, checkTemplateFile } from './check-page.ts'
import { checkTemplate } from './check-template.ts'
import type { Checked } from './checked.ts'
import type { Path } from './tree.ts'

type Respond = NonNullable<RuleConfig['respond']>

export function checkRespond(
  checked: Checked,
  path: Path,
  respond: Respond,
  captures: readonly string[],
): void {
  const ground = { from: 'request', captures } as const
  checkFields(checked, [...path, 'headers'], respond.headers, captures)
  checkBody(checked, path, respond)
  const { file, template } = respond
  if (file !== undefined) checkFile(checked, [...path, 'file'], file)
  if (template !== undefined) checkTemplateFile(checked, [...path, 'template'], template, ground)
}

function checkFields(
  checked: Checked,
  path: Path,
  fields: Respond['headers'],
  captures: readonly string[],
): void {
  for (const [name, value] of Object.entries(fields)) {
    checkTemplate(checked, [...path, name], value, { from: 'request', captures })
    if (isOwnOnAnswer(name))
      checked.report({
        code: 'conflict',
        path: [...path, name],
        found: `the field ${JSON.stringify(name)}`,
        ...OWN_FIELD,
      })
  }
}

const BODIES = ['body', 'file', 'template'] as const

function checkBody(checked: Checked, path: Path, respond: Respond): void {
  const [first, second] = BODIES.filter((key) => (respond[key] ?? '') !== '')
  if (first !== undefined && second !== undefined)
    checked.report({
      code: 'conflict',
      path: [...path, second],
      found: `${first} and ${second} in one answer`,
      allowed: 'one of body, file and template',
    })
  // RFC 9110 §15.3.5, §15.3.6, §15.4.5: these have no body.
  if (first === undefined || ![204, 205, 304].includes(respond.status)) return
  checked.report({
    code: 'conflict',
    path: [...path, first],
    found: `a ${first} with status ${checked.said([...path, 'status'], respond.status)}`,
    allowed: 'no body with 204, 205 and 304',
  })
}
