"""The mails that ship with the program: one YAML file a mail and language, checked when it is loaded."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
import marshmallow
import yaml
from marshmallow import fields, validate

from services.notifications import wording
from services.notifications.domain.audience import Audience
from services.notifications.domain.content import Fact, MailContent, Tone

if TYPE_CHECKING:
    from services.notifications.facts import MoveFacts, OrderFacts

FOLDER = Path(__file__).parent / "templates"
DEFAULT_LOCALE = "en"
SUBJECT_LENGTH = 180


class CatalogBroken(Exception):
    """A shipped template is wrong; names its file."""


class UnknownTemplate(Exception):
    """A workflow asks for a mail that is not shipped."""


@dataclass(frozen=True, slots=True)
class MailTemplate:
    """One mail in one language; its texts are Jinja2 over `order` and `move`."""

    code: str
    locale: str
    version: int
    name: str
    subject: str
    heading: str
    lead: tuple[str, ...]
    tone: Tone
    next: str
    button: str
    quote: str = ""
    facts: tuple[str, ...] = ()
    decides: bool = False

    @property
    def fingerprint(self) -> str:
        """Changes with every word, so that a change without a new version is noticed."""
        return hashlib.sha256(repr(self).encode()).hexdigest()


class _TemplateSchema(marshmallow.Schema):
    version = fields.Integer(required=True, validate=validate.Range(min=1))
    name = fields.String(required=True)
    subject = fields.String(required=True)
    heading = fields.String(required=True)
    lead = fields.List(fields.String(), required=True)
    tone = fields.Enum(Tone, by_value=True, required=True)
    quote = fields.String(load_default="")
    facts = fields.List(fields.String(), load_default=[])
    next = fields.String(required=True)
    button = fields.String(required=True)
    decides = fields.Boolean(load_default=False)


class _FactSchema(marshmallow.Schema):
    label = fields.String(required=True)
    value = fields.String(required=True)


class _SharedSchema(marshmallow.Schema):
    facts = fields.Dict(fields.String(), fields.Nested(_FactSchema), required=True)
    why = fields.Dict(fields.String(validate=validate.OneOf([*Audience])), fields.String(), required=True)


@dataclass(frozen=True, slots=True)
class Language:
    """What the mails of one language share, and the mails, by code."""

    facts: dict[str, dict[str, str]]
    why: dict[str, str]
    templates: dict[str, MailTemplate]


class Catalog:
    """All mails in all languages, ready to be filled."""

    def __init__(self, languages: dict[str, Language]) -> None:
        """Takes languages by locale; `load` reads them from files."""
        self._languages = languages
        # Plain text throughout: the layout escapes what it puts into HTML, once.
        self._jinja = jinja2.Environment(autoescape=False, undefined=jinja2.StrictUndefined)  # noqa: S701

    @classmethod
    def load(cls, folder: Path = FOLDER) -> Catalog:
        """The catalogue of a folder with one folder a locale. Raises CatalogBroken."""
        locales = sorted(path.parent.name for path in folder.glob("*/_shared.yaml"))
        catalog = cls({locale: _language(folder / locale, locale) for locale in locales})
        catalog._check()
        return catalog

    def templates(self) -> tuple[MailTemplate, ...]:
        """Every mail in every language."""
        return tuple(t for language in self._languages.values() for _, t in sorted(language.templates.items()))

    def find(self, code: str, locale: str) -> MailTemplate:
        """The mail in the language asked for, or in the nearest there is. Raises UnknownTemplate."""
        for candidate in (locale, locale.split("-", maxsplit=1)[0], DEFAULT_LOCALE):
            language = self._languages.get(candidate)
            if language and code in language.templates:
                return language.templates[code]
        raise UnknownTemplate(f"No mail is called {code!r}.")

    def fill(
        self, template: MailTemplate, order: OrderFacts, move: MoveFacts, *, audience: str, url: str
    ) -> MailContent:
        """What the mail says to one recipient, who was reached as one of an audience."""
        language = self._languages[template.locale]
        known = {"order": order, "move": move}
        quote = wording.excerpt(self._text(template.quote, known, lines=True))
        lines = [(language.facts[name]["label"], language.facts[name]["value"]) for name in template.facts]
        facts = [Fact(label, self._text(value, known)) for label, value in lines]
        return MailContent(
            subject=wording.excerpt(self._text(template.subject, known), SUBJECT_LENGTH),
            heading=self._text(template.heading, known),
            lead=tuple(text for part in template.lead if (text := self._text(part, known))),
            badge=order.state,
            tone=template.tone,
            quote=quote,
            quote_by=move.actor if quote else "",
            facts=tuple(fact for fact in facts if fact.value),
            next_steps=self._text(template.next, known),
            button=self._text(template.button, known),
            url=url,
            why=self._text(language.why.get(audience, ""), known),
            locale=template.locale,
            number=order.number,
            submission=order.submission if template.decides else 0,
        )

    def _text(self, source: str, known: dict[str, Any], *, lines: bool = False) -> str:
        text = self._jinja.from_string(source).render(known)
        return text.strip() if lines else wording.one_line(text)

    def _check(self) -> None:
        for template in self.templates():
            missing = set(template.facts) - set(self._languages[template.locale].facts)
            if missing:
                raise CatalogBroken(f"{template.locale}/{template.code}.yaml: unknown facts {sorted(missing)}")


def _language(folder: Path, locale: str) -> Language:
    shared = _read(folder / "_shared.yaml", _SharedSchema())
    templates = {}
    for path in sorted(folder.glob("[!_]*.yaml")):
        values = _read(path, _TemplateSchema())
        values |= {"lead": tuple(values["lead"]), "facts": tuple(values["facts"])}
        templates[path.stem] = MailTemplate(code=path.stem, locale=locale, **values)
    return Language(shared["facts"], shared["why"], templates)


def _read(path: Path, schema: marshmallow.Schema) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = schema.load(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (yaml.YAMLError, marshmallow.ValidationError) as error:
        raise CatalogBroken(f"{path.parent.name}/{path.name}: {error}") from error
    return loaded
