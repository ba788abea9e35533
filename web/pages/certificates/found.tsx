// What was found in an upload: what fits, and what stands against it with cause and remedy.
import type { ComponentChildren } from 'preact'
import type { CertificateFinding, CheckedCertificate } from '../../data/api-types.ts'
import { day, list } from '../../data/say.ts'
import { Shape, type State } from '../../parts/status.tsx'
import css from './certificates.module.css'
import type { PutIn } from './use-pair.ts'

export function Found({ pair }: { readonly pair: PutIn }) {
  const { parts, key, checked, problem, strange, isLooking } = pair
  const isEmpty = parts.chain === '' && key === '' && strange === null && !parts.isNothing
  if (isEmpty) return null
  return (
    <section class={css.found} aria-label="What was found" aria-busy={isLooking ? true : undefined}>
      <h3>What was found</h3>
      <ul aria-live="polite">
        {checked !== null && <Certificate checked={checked} />}
        {checked?.findings.map((finding) => (
          <Finding key={finding.code} {...finding} />
        ))}
        {checked === null && parts.chain !== '' && (
          <Line
            state="unk"
            title={parts.certificates === 1 ? 'A certificate' : `${parts.certificates} certificates`}
          >
            {problem === null ? 'being looked at' : `${problem.detail} ${problem.hint ?? ''}`}
          </Line>
        )}
        {key !== '' && checked !== null && fits(checked) && <Line state="up" title="The key fits" />}
        {key !== '' && checked === null && (
          <Line state="up" title="A private key">
            read, and hidden
          </Line>
        )}
        {key === '' && parts.chain !== '' && (
          <Line state="warn" title="The private key is missing">
            Drop its file as well, or paste it behind the certificate.
          </Line>
        )}
        {parts.strange.map((label) => (
          <Line key={label} state="warn" title={`${label.toLowerCase()} is of no use here`}>
            {label.includes('REQUEST') && 'It is what a CA is sent; the certificate is what it sends back.'}
          </Line>
        ))}
        {parts.isNothing && (
          <Line state="down" title="No PEM stands in the text">
            A certificate begins with -----BEGIN CERTIFICATE-----.
          </Line>
        )}
        {strange !== null && <Line state="down" title={strange} />}
      </ul>
    </section>
  )
}

const fits = ({ findings }: CheckedCertificate): boolean =>
  findings.every(({ code }) => !code.startsWith('key_') && code !== 'no_key')

function Certificate({ checked: { certificate: one, chain } }: { readonly checked: CheckedCertificate }) {
  if (one === null) return null
  const names = one.names.length === 0 ? one.subject : list(one.names.slice(0, 4))
  const more = one.names.length > 4 ? ` and ${one.names.length - 4} more` : ''
  return (
    <Line state="up" title={<>Certificate for {names + more}</>}>
      {one.key}, until {day(one.not_after, new Date(0))}, by {one.issuer}
      {chain.length > 0 && `, with ${chain.map(({ subject }) => subject).join(', ')}`}
    </Line>
  )
}

const LEVELS: Readonly<Record<string, State>> = { error: 'down', warning: 'warn', info: 'unk' }

export function Finding({ level, message, cause, remedy }: CertificateFinding) {
  return (
    <Line state={LEVELS[level] ?? 'unk'} title={message}>
      {cause} {remedy !== null && <>To do: {remedy}.</>}
    </Line>
  )
}

interface LineProps {
  readonly state: State
  readonly title: ComponentChildren
  readonly children?: ComponentChildren
}

const SAID: Readonly<Record<string, string>> = { up: 'good', warn: 'warning', down: 'wrong', unk: 'note' }

function Line({ state, title, children }: LineProps) {
  return (
    <li>
      <Shape state={state} size={10} label={SAID[state]} />
      <span>
        <b class="name">{title}</b>
        {children !== undefined && children !== false && <span class={css.because}>{children}</span>}
      </span>
    </li>
  )
}
