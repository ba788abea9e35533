// Of the one who is signed in.
import { me } from '../../data/session.ts'
import { Panel } from '../../parts/panel.tsx'
import { Age, Time } from '../../parts/time.tsx'
import { ownSignIns, SignInTable } from './sign-in-table.tsx'
import { PasswordForm } from './password-form.tsx'
import { ROLE_WORDS } from './role-words.ts'
import { SecondFactor } from './second-factor.tsx'
import css from './settings.module.css'

export function Profile() {
  const who = me.value
  if (who === null || who === undefined) return null
  return (
    <>
      <Panel title="You">
        <dl class={css.facts}>
          <dt>Name</dt>
          <dd>
            <b>{who.name}</b>
          </dd>
          <dt>Role</dt>
          <dd>
            {who.role}: {ROLE_WORDS[who.role]}
          </dd>
          {typeof who.expires_at === 'string' && (
            <>
              <dt>Signed in until</dt>
              <dd>
                <Time at={who.expires_at} />
                {who.idle_until !== undefined && (
                  <>
                    , or <Age at={who.idle_until} /> without a request
                  </>
                )}
              </dd>
            </>
          )}
        </dl>
      </Panel>
      <div class={css.pair}>
        <PasswordForm />
        <SecondFactor />
      </div>
      <SignInTable title="Your sign-ins" isShown={ownSignIns(who.name)} canEndOthers />
    </>
  )
}
