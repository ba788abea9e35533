// What is of the one who looks, who else may come in, and what the gateway itself is.
import type { ComponentType } from 'preact'
import { can } from '../../data/session.ts'
import { to } from '../../data/urls.ts'
import { Tabs } from '../../parts/choices.tsx'
import { Guarded, Loading } from '../../parts/empty.tsx'
import { Note } from '../../parts/messages.tsx'
import { NotCome, useOnDemand } from '../../parts/on-demand.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { AdminAccess } from './access.tsx'
import { Appearance } from './appearance.tsx'
import { DiagnosticsPart } from './diagnostics.tsx'
import { Profile } from './profile.tsx'
import { SignIns } from './sign-ins.tsx'
import { Tokens } from './tokens.tsx'
import { Users } from './users.tsx'

interface Part {
  readonly path: string
  readonly title: string
  readonly about: string
  readonly part: ComponentType
  /** Admins alone see it. */
  readonly isForAdmins?: boolean
}

// Its own chunk: few read it, and it is as large as all others together.
const loadDocs = () => import('./api-docs/api-docs.tsx')

function ApiDocs() {
  const { value: module, hasFailed, again } = useOnDemand(loadDocs)
  if (module !== null) return <module.ApiDocs />
  return hasFailed ? <NotCome what="The API documents" onAgain={again} /> : <Loading lines={8} />
}

const PARTS: readonly Part[] = [
  { path: 'profile', title: 'Profile', about: 'Your password, second factor and sign-ins.', part: Profile },
  {
    ...{ path: 'users', title: 'Users', part: Users, isForAdmins: true },
    about: 'Who may sign in, and what they may do.',
  },
  {
    ...{ path: 'tokens', title: 'API tokens', part: Tokens, isForAdmins: true },
    about: 'For programs: each with a role, for some resources or all, from some addresses or all.',
  },
  {
    ...{ path: 'sign-ins', title: 'Sign-ins', part: SignIns },
    about: 'Browsers that are signed in. One that is ended is out at once.',
  },
  {
    ...{ path: 'access', title: 'Admin access', part: AdminAccess },
    about: 'How this dashboard and the API are reached: what the file says, and what takes effect.',
  },
  { path: 'appearance', title: 'Appearance', about: 'Kept in this browser.', part: Appearance },
  {
    ...{ path: 'diagnostics', title: 'Diagnostics', part: DiagnosticsPart },
    about: 'What runs here, and all that helps to find out what is wrong.',
  },
  {
    ...{ path: 'api', title: 'API documents', part: ApiDocs },
    about: 'All that this dashboard does is done by this API.',
  },
]

export function Settings({ part = 'profile' }: { readonly part?: string }) {
  const current = PARTS.find(({ path }) => path === part) ?? PARTS[0]
  if (current === undefined) return null
  const { part: Shown, title, about, isForAdmins = false } = current
  return (
    <>
      <PageHead key={title} crumb={{ href: to('/settings'), label: 'Settings' }} title={title}>
        {about}
      </PageHead>
      <Tabs
        label="Settings"
        items={PARTS.map(({ path, title: label }) => ({
          ...{ label, href: to(`/settings/${path}`), isCurrent: path === current.path },
        }))}
      />
      {isForAdmins && !can('administer') ? (
        <Note title={`${title} are for admins`}>
          Your role does not show them. Who is an admin can give you another one here, under Users.
        </Note>
      ) : (
        <Guarded label={title}>
          <Shown key={current.path} />
        </Guarded>
      )}
    </>
  )
}
