// A certificate by ACME: an edit of the config, which is reviewed like any other. What can be known of the
// names is said before a CA is asked.
import { useSignal } from '@preact/signals'
import { create } from '../../data/draft.ts'
import { useHeld } from '../../data/held.ts'
import { to } from '../../data/urls.ts'
import { Button } from '../../parts/button.tsx'
import { ListField, SelectField, SwitchField, TextField } from '../../parts/controls.tsx'
import { Field } from '../../parts/field.tsx'
import { Drawer } from '../../parts/overlays.tsx'
import { Shape } from '../../parts/status.tsx'
import { useAddress } from '../../parts/use-address.ts'
import { checksOf } from './acme-checks.ts'
import { acmeOf, directoryOf, type Errors, errorsOf, type Wish } from './acme-wish.ts'
import css from './certificates.module.css'
import { draftServing, useListeners } from './listeners.ts'
import { nameFor } from './pem-parts.ts'
import { onlyOne, ServeOn } from './serve-on.tsx'
import { whyNoName } from './upload.tsx'

const CAS = [
  { value: 'letsencrypt', label: 'Let’s Encrypt' },
  { value: 'letsencrypt-staging', label: 'Let’s Encrypt, staging (for trials)' },
  { value: 'zerossl', label: 'ZeroSSL' },
  { value: 'other', label: 'Another: the URL of its directory' },
]

const CHALLENGES = [
  { value: 'http-01', label: 'http-01: the CA asks port 80' },
  { value: 'tls-alpn-01', label: 'tls-alpn-01: the CA asks port 443' },
  { value: 'dns-01', label: 'dns-01: a record that a command sets' },
]

function useWish(): Wish {
  return {
    domains: useSignal<readonly string[]>([]),
    ca: useSignal('letsencrypt'),
    url: useSignal(''),
    caFile: useSignal(''),
    email: useSignal(''),
    challenge: useSignal('http-01'),
    command: useSignal(''),
    profile: useSignal(''),
    kid: useSignal(''),
    hmac: useSignal(''),
    agrees: useSignal(false),
  }
}

export function Issue({ onClose }: { readonly onClose: () => void }) {
  const { go } = useAddress()
  const wish = useWish()
  const typedName = useSignal<string | null>(null)
  const chosen = useSignal<readonly string[] | null>(null)
  const isTried = useSignal(false)
  const known = useHeld('GET /api/v1/certificates', {}, { isWhole: true }).value.value
  const listeners = useListeners()
  const taken = known?.items.map(({ id }) => id) ?? []
  const name = typedName.value ?? nameFor(wish.domains.value, taken)
  const servedBy = chosen.value ?? onlyOne(listeners)
  const errors: Errors = { ...errorsOf(wish), name: whyNoName(name, taken) }
  const shown = (error: string | null | undefined): string | null => (isTried.value ? (error ?? null) : null)
  const review = (): void => {
    isTried.value = true
    if (Object.values(errors).some((error) => error !== null)) return
    create('certificates', { name, acme: acmeOf(wish) })
    draftServing(name, servedBy, listeners ?? [])
    go(to('/review'))
  }
  return (
    <Drawer
      title="Issue by ACME"
      onClose={onClose}
      actions={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button kind="ink" needs="editor" onPress={review}>
            Review it
          </Button>
          <span class="small quiet">The CA is asked once it is applied.</span>
        </>
      }
    >
      <Field
        label="Names"
        isGroup
        help="All that the certificate is to be for. Enter adds one; several may be pasted."
        error={shown(errors['domains'])}
      >
        <ListField
          item="name"
          value={wish.domains.value}
          placeholder="shop.example.com"
          onInput={(next) => (wish.domains.value = next)}
        />
      </Field>
      <CaFields wish={wish} errors={errors} shown={shown} />
      <Field label="Shown by" help="How the CA sees that the names lead here.">
        <SelectField
          value={wish.challenge.value}
          options={CHALLENGES}
          onInput={(next) => (wish.challenge.value = next)}
        />
      </Field>
      {wish.challenge.value === 'dns-01' && (
        <Field
          label="Command"
          help="A program and its arguments, run without a shell. It is told by ACME_ACTION, ACME_DOMAIN, ACME_RECORD and ACME_VALUE."
          error={shown(errors['command'])}
        >
          <TextField
            isMono
            value={wish.command.value}
            placeholder="/etc/sluice/set-record"
            onInput={(next) => (wish.command.value = next)}
          />
        </Field>
      )}
      <Checks wish={wish} listeners={listeners ?? []} />
      <Field
        label="Name"
        help="What the config calls it."
        error={typedName.value === null ? shown(errors['name']) : (errors['name'] ?? null)}
      >
        <TextField isMono value={name} onInput={(next) => (typedName.value = next)} />
      </Field>
      <ServeOn listeners={listeners} chosen={servedBy} onPick={(next) => (chosen.value = next)} />
      <Field label="Terms" isGroup error={shown(errors['agrees'])}>
        <SwitchField
          value={wish.agrees.value}
          words="We agree to the terms of service of this CA"
          onInput={(next) => (wish.agrees.value = next)}
        />
      </Field>
    </Drawer>
  )
}

interface CaFieldsProps {
  readonly wish: Wish
  readonly errors: Errors
  readonly shown: (error: string | null | undefined) => string | null
}

function CaFields({ wish, errors, shown }: CaFieldsProps) {
  const { ca, url, caFile, email, profile, kid, hmac } = wish
  const wantsAccount = ca.value === 'zerossl' || ca.value === 'other'
  return (
    <>
      <Field label="CA">
        <SelectField value={ca.value} options={CAS} onInput={(next) => (ca.value = next)} />
      </Field>
      {ca.value === 'other' && (
        <Field label="Directory" error={shown(errors['url'])}>
          <TextField
            isMono
            type="url"
            value={url.value}
            placeholder="https://ca.example/acme/directory"
            onInput={(next) => (url.value = next)}
          />
        </Field>
      )}
      {ca.value === 'other' && (
        <Field
          label="Trusted by"
          right="optional"
          help="A PEM file where the gateway runs: who signed the certificate of the CA itself. Without it, those that the machine trusts."
          error={shown(errors['caFile'])}
        >
          <TextField
            isMono
            value={caFile.value}
            placeholder="/etc/sluice/our-ca.pem"
            onInput={(next) => (caFile.value = next)}
          />
        </Field>
      )}
      {wantsAccount && (
        <div class={css.pair}>
          <Field label="Key id (EAB)" right="if it wants one" error={shown(errors['eab'])}>
            <TextField isMono value={kid.value} onInput={(next) => (kid.value = next)} />
          </Field>
          <Field label="HMAC key (EAB)">
            <TextField isMono type="password" value={hmac.value} onInput={(next) => (hmac.value = next)} />
          </Field>
        </div>
      )}
      <div class={css.pair}>
        <Field label="E-mail" right="optional" help="Where the CA writes to.">
          <TextField value={email.value} onInput={(next) => (email.value = next)} />
        </Field>
        <Field label="Profile" right="the CA’s own" help="shortlived: six days.">
          <TextField isMono value={profile.value} onInput={(next) => (profile.value = next)} />
        </Field>
      </div>
    </>
  )
}

type Listeners = NonNullable<ReturnType<typeof useListeners>>

function Checks({ wish, listeners }: { readonly wish: Wish; readonly listeners: Listeners }) {
  const checks = checksOf(
    {
      domains: wish.domains.value,
      challenge: wish.challenge.value,
      directory: directoryOf(wish),
      profile: wish.profile.value.trim(),
    },
    listeners,
  )
  if (checks.length === 0) return null
  return (
    <section aria-label="Before the CA is asked">
      <h3>Before the CA is asked</h3>
      <ul class={css.found}>
        {checks.map(({ state, title, detail }) => (
          <li key={title}>
            <Shape
              state={state}
              size={10}
              label={state === 'up' ? 'good' : state === 'warn' ? 'warning' : 'wrong'}
            />
            <span>
              <b>{title}</b>
              <span class={css.because}>{detail}</span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}
