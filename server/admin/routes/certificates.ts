// Certificates that come by ACME: to have one tried now. How each is stands beside its config.
import type { ControlFacts } from '../../control/facts.ts'
import { jsonAnswer, problem } from '../problem.ts'
import { param, type Asked, type Route } from '../route.ts'

export function certificateRoutes({ acme }: Pick<ControlFacts, 'acme'>): readonly Route[] {
  const view = { method: 'GET', permission: 'view', tag: 'Certificates' } as const
  // Of a name that came on demand the certificate is called CERTIFICATE@NAME.
  const one = '/api/v1/certificates/{certificate}'
  const factsOf = (name: string) => acme.facts().find(({ certificate }) => certificate === name)
  const none = (name: string): Response =>
    problem('not_found', `There is no certificate ${name} that comes by ACME.`)
  return [
    {
      ...view,
      method: 'POST',
      path: `${one}/retry`,
      permission: 'operate',
      summary: 'Have a certificate tried now',
      answers: {
        202: { description: 'It is being tried.' },
        404: { description: 'There is none of that name.' },
        409: { description: 'It is good.' },
      },
      answer: (asked: Asked) => {
        const name = param(asked, 'certificate')
        const facts = factsOf(name)
        if (facts?.state === 'good') return problem('conflict', `${name} is good until ${facts.until}.`)
        return acme.retry(name) ? jsonAnswer({}, 202) : none(name)
      },
    },
  ]
}
