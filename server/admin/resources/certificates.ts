// What is told of a certificate beside its config: how ACME fares with it.
import type { ControlFacts } from '../../control/facts.ts'
import { jsonAnswer } from '../problem.ts'

/** Empty: it does not come by ACME. */
export function certificateMore({ acme }: Pick<ControlFacts, 'acme'>, name: string): object {
  const facts = acme.facts().find(({ certificate }) => certificate === name)
  return facts === undefined ? {} : { ...facts, steps: acme.steps(name) ?? [] }
}

/** Of a name that came on demand, which no config has. */
export const isAcmeOnly = (more: object): Response | null =>
  Object.keys(more).length === 0 ? null : jsonAnswer(more)
