import { DockerfileParser } from 'dockerfile-ast';

/** What a Dockerfile says about the images it is built from. */
export interface BaseImages {
  /** Whether an argument of this name is declared before the first `FROM`. */
  takes(name: string): boolean;
  /** References of all images from outside this Dockerfile, in order, with these build arguments filled in. */
  references(buildArgs: Readonly<Record<string, string>>): readonly string[];
}

/** Reads which images a Dockerfile starts from or copies from. */
export function readBaseImages(dockerfile: string): BaseImages {
  const parsed = DockerfileParser.parse(dockerfile);
  const args = parsed
    .getInitialARGs()
    .flatMap((arg) => arg.getProperties())
    .map((property) => ({ name: property.getName(), value: property.getValue() ?? '' }));
  const froms = parsed.getFROMs();
  const images = froms.map((from) => from.getImage() ?? '');
  const stages = new Set(froms.map((from) => from.getBuildStage()?.toLowerCase()));
  const copies = parsed.getCOPYs().flatMap((copy) => copy.getFromFlag()?.getValue() ?? []);
  return {
    takes: (name) => args.some((arg) => arg.name === name),
    references(buildArgs) {
      const values: Record<string, string> = {};
      for (const { name, value } of args) {
        values[name] = buildArgs[name] ?? expand(value, { ...values, ...buildArgs });
      }
      const all = [...images.map((image) => expand(image, values)), ...copies];
      const outside = all.filter(
        (reference) =>
          reference !== '' &&
          reference !== 'scratch' &&
          !/^\d+$/.test(reference) &&
          !stages.has(reference.toLowerCase()),
      );
      return [...new Set(outside)];
    },
  };
}

function expand(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(
    /\$(?:\{(\w+)(?::?-([^}]*))?\}|(\w+))/g,
    (_, braced: string | undefined, fallback: string | undefined, bare: string | undefined) =>
      values[braced ?? bare ?? ''] || (fallback ?? ''),
  );
}
