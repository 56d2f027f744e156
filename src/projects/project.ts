/** A project by its identity. */
export interface ProjectRef {
  /** A UUID, in lower case. */
  readonly id: string;
  /** Names are case-sensitive, and need not be unique. */
  readonly name: string;
}

/** A registered project. */
export interface Project extends ProjectRef {
  /** The root directory of the project. */
  readonly root: string;
  readonly configPath: string;
  /** Whether a session that enters the project switches to it. */
  readonly autoSwitch: boolean;
  /** Whether calls that name another project are refused. */
  readonly strictMode: boolean;
  /** Whether a session that enters the project only reports that it would switch. */
  readonly dryRun: boolean;
}

export const refOf = ({ id, name }: ProjectRef): ProjectRef => ({ id, name });
