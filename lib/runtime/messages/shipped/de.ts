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
  replies: {
    'reply.points':
      'du hast {{ balance | plural: one: "# Punkt", other: "# Punkte" }}.{% if pending > 0 %} Noch unterwegs: {{ pending | number }}.{% endif %}{% if held > 0 %} Zurückgelegt: {{ held | number }}.{% endif %}{% if expiringOn %} Gültig bis {{ expiringOn | date }}: {{ expiringPoints | number }}.{% endif %}',
    'reply.rewards':
      '{% for one in rewards %}{% if forloop.first %}für deine Punkte:\n{% endif %}{{ one.number }} {{ one.name }} ({{ one.cost | number }})\n{% if forloop.last %}Schreib EINLÖSEN und die Nummer.{% endif %}{% else %}noch ist nichts in Reichweite.{% endfor %}{% if more > 0 %} {{ more | number }} weitere am Tresen.{% endif %}{% if nextReward %} Als Nächstes: {{ nextReward }}, noch {{ nextMissing | plural: one: "# Punkt", other: "# Punkte" }}.{% endif %}',
    'reply.asked':
      '{{ reward }} für {{ cost | plural: one: "# Punkt", other: "# Punkte" }}{% if cash %} und {{ cash | money }}{% endif %}? Antworte innerhalb von {{ minutes }} Minuten mit {{ number }}.',
    'reply.given':
      '{{ reward }} gehört dir: {{ code }}{% if validThrough %}, gültig bis {{ validThrough | date }}{% endif %}. Du hast noch {{ balance | plural: one: "# Punkt", other: "# Punkte" }}.',
    'reply.aside':
      '{{ reward }} ist bis {{ until | time }} für dich zurückgelegt. Sag das am Tresen: {{ redemptionId }}',
    'reply.refused':
      '{% case because %}{% when "unknown-reward", "wrong-step" %}diese Prämie gibt es nicht. Schreib PRÄMIEN für die Liste.{% when "points-buy-rewards-only" %}Punkte sind für Prämien. Schreib PRÄMIEN für die Liste.{% when "not-available-yet" %}das gibt es noch nicht.{% when "no-longer-available" %}das gibt es nicht mehr.{% when "tier-too-low" %}das ist für Mitglieder einer höheren Stufe.{% when "limit-reached" %}davon hattest du so viele, wie es für jedes Mitglied gibt.{% when "out-of-stock" %}davon ist nichts mehr da.{% else %}{% if missing %}dafür brauchst du noch {{ missing | plural: one: "# Punkt", other: "# Punkte" }}.{% else %}dafür reichen deine Punkte nicht.{% endif %}{% endcase %}',
    'reply.not-the-number': 'das ist nicht die Nummer, nach der wir gefragt haben.',
    'reply.too-late': 'diese Nummer gilt nicht mehr. Schreib noch einmal EINLÖSEN.',
    'reply.not-as-asked': 'der Preis ist inzwischen ein anderer. Schreib noch einmal EINLÖSEN.',
    'reply.help':
      'schreib PUNKTE für deinen Stand, PRÄMIEN für die Auswahl, EINLÖSEN und eine Nummer, um etwas zu bekommen. STOP beendet die Nachrichten.',
    'reply.started': 'schön, dass du wieder da bist. Wir schreiben dir hier wieder.',
    'reply.linked': 'dieser Chat gehört jetzt zu deiner Mitgliedschaft. Schreib PUNKTE für deinen Stand.',
    'reply.no-such-code': 'dieser Code gilt nicht. Lass dir einen neuen geben.',
    'reply.linked-elsewhere': 'dieser Chat gehört schon zu einer anderen Mitgliedschaft. Frag am Tresen.',
  },
};
