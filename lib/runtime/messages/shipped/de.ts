import type { Phrasebook } from './phrase.ts';

const points = '{{ points | plural: one: "# Punkt", other: "# Punkte" }}';
const comma = '{% if name != "" %}, {{ name }}{% endif %}';

export const de: Phrasebook = {
  greeting: 'Hallo{% if name != "" %} {{ name }}{% endif %},',
  balance: 'Stand: {{ balance | number }}.',
  optOut: 'Abmelden mit STOP.',
  because: 'Du bekommst diese E-Mail als Mitglied von {{ program }}.',
  unsubscribe: 'Abmelden',
  phrases: {
    'member.enrolled': {
      subject: 'Willkommen bei {{ program }}',
      says: `Willkommen${comma}! Ab jetzt sammelst du Punkte.`,
    },
    'points.earned': {
      subject: `${points} für dich`,
      says: `${points} für dich{% if pending %}, davon {{ pending | number }} später{% endif %}.`,
      more: '{% if nextExpiryOn %}Sie gelten bis {{ nextExpiryOn | date }}.{% endif %}',
    },
    'points.activated': {
      subject: 'Deine Punkte sind da',
      says: `${points} kannst du jetzt einlösen.`,
    },
    'points.declined': {
      subject: 'Punkte, die nicht kommen',
      says: '{{ points | plural: one: "# wartender Punkt kommt", other: "# wartende Punkte kommen" }} leider nicht.',
    },
    'points.adjusted': {
      subject: 'Deine Punkte wurden berichtigt',
      says: '{% if points > 0 %}Eine Berichtigung: {{ points | plural: one: "# Punkt", other: "# Punkte" }} für dich.{% else %}Eine Berichtigung: {{ points | abs | plural: one: "# Punkt", other: "# Punkte" }} weniger.{% endif %}',
    },
    'points.gifted': {
      subject: '{% if direction == "sent" %}Dein Geschenk ist unterwegs{% else %}Ein Geschenk für dich{% endif %}',
      says: `{% if direction == "sent" %}Du hast ${points} verschenkt.{% else %}Du hast ${points} geschenkt bekommen.{% endif %}`,
    },
    'points.redeemed': {
      subject: `${points} eingelöst`,
      says: `${points} eingelöst{% if reward != "" %}: {{ reward }}{% endif %}.`,
    },
    'points.reversed': {
      subject: 'Eine Bestellung wurde zurückgenommen',
      says: 'Eine Bestellung wurde zurückgenommen:{% if points > 0 %} {{ points | plural: one: "# Punkt geht", other: "# Punkte gehen" }} mit{% if returned > 0 %},{% endif %}{% endif %}{% if returned > 0 %} {{ returned | plural: one: "# Punkt kommt", other: "# Punkte kommen" }} zu dir zurück{% endif %}.',
    },
    'member.inactive': {
      subject: 'Du fehlst uns',
      says: 'Seit {{ days | plural: one: "# Tag", other: "# Tagen" }} haben wir dich nicht gesehen.{% if balance > 0 %} {{ balance | plural: one: "# Punkt wartet", other: "# Punkte warten" }} auf dich.{% endif %}',
    },
    'points.expiring': {
      subject: 'Deine Punkte verfallen bald',
      says: '{{ points | plural: one: "# deiner Punkte verfällt", other: "# deiner Punkte verfallen" }} {% if on == through %}am {{ on | date }}{% else %}vom {{ on | date }} bis {{ through | date }}{% endif %}.',
      more: 'Bis dahin gelten sie.',
    },
    'points.expired': {
      subject: 'Punkte sind verfallen',
      says: '{{ points | plural: one: "# Punkt ist", other: "# Punkte sind" }} verfallen.',
    },
    'milestone.reached': {
      subject: 'Ein Meilenstein',
      says: '{% case of %}{% when "visits" %}Dein {{ count | number }}. Besuch. Schön, dass du kommst!{% when "purchases" %}Dein {{ count | number }}. Einkauf. Danke!{% else %}{{ count | number }} Punkte gesammelt. Chapeau!{% endcase %}',
    },
    birthday: {
      subject: 'Alles Gute zum Geburtstag',
      says: `Alles Gute zum Geburtstag${comma}!{% if points > 0 %} ${points} von uns allen.{% endif %}`,
    },
    anniversary: {
      subject: '{{ years | plural: one: "Ein Jahr", other: "# Jahre" }} bei uns',
      says: `{{ years | plural: one: "Ein Jahr", other: "# Jahre" }} bei uns, danke!{% if points > 0 %} ${points} für dich.{% endif %}`,
    },
    'statement.ready': {
      subject: 'Dein {{ period | date: "long" }} bei {{ program }}',
      says: '{{ period | date: "long" }}: {{ earned | number }} Punkte gesammelt, {{ redeemed | number }} eingelöst, {{ expired | number }} verfallen. Stand: {{ closingBalance | number }}.{% if nextExpiryOn %} Davon gelten {{ nextExpiryPoints | number }} bis {{ nextExpiryOn | date }}.{% endif %}',
    },
    'reward.unlocked': {
      subject: 'In Reichweite: {{ reward }}',
      says: 'Deine Punkte reichen für: {{ reward }}.',
    },
    'reward.redeemed': {
      subject: 'Für dich: {{ reward }}',
      says: `Für dich: {{ reward }}. ${points} eingelöst.`,
    },
    'tier.changed': {
      subject: 'Du bist jetzt: {{ tier }}',
      says: 'Du bist jetzt: {{ tier }}.{% if raised %} Glückwunsch!{% endif %}',
    },
    'referral.completed': {
      subject: 'Danke, dass du jemanden mitgebracht hast',
      says: `Danke, dass du jemanden mitgebracht hast!{% if points > 0 %} ${points} für dich.{% endif %}`,
    },
    'referral.reversed': {
      subject: 'Eine empfohlene Bestellung wurde zurückgenommen',
      says: 'Eine Bestellung, die du vermittelt hast, wurde zurückgenommen: {{ points | plural: one: "# Punkt geht", other: "# Punkte gehen" }} mit.',
    },
    'dispute.opened': {
      subject: 'Wir gehen dem nach',
      says: 'Du hast uns gesagt, dass etwas nicht stimmt. Wir gehen dem nach.',
    },
    'dispute.closed': {
      subject: 'Wir sind dem nachgegangen',
      says: '{% case outcome %}{% when "upheld" %}Wir sind dem nachgegangen: Du hast recht.{% when "withdrawn" %}Du hast gesagt, dass alles wieder gut ist. Danke!{% else %}Wir sind dem nachgegangen, und unsere Bücher stimmen. Frag uns, wenn etwas offen ist.{% endcase %}',
    },
  },
};
