"""The compiled form of `nba.act.explain`: the same three reasons, letter by letter."""

from libc.math cimport fabs, sqrt
from libcpp.string cimport string
from libcpp.vector cimport vector

from nba.act._text cimport put_fixed, put_general, put_integer

DEF REASONS = 3
DEF MOST_WORDINGS = 64


cdef class CompiledExplainer:
    """Tells the reasons of one policy's decisions."""

    def __init__(self, explainer):
        """Of a `nba.act.explain.Explainer`."""
        cdef Wording one
        if len(explainer.wordings) > MOST_WORDINGS:
            raise ValueError(f"{len(explainer.wordings)} wordings; {MOST_WORDINGS} at most")
        for wording, column, (sign, bonus) in zip(
            explainer.wordings, explainer.columns.tolist(), explainer.favour
        ):
            one.column, one.sign, one.bonus = column, sign, bonus
            one.label, one.unit = wording.label.encode(), wording.unit.encode()
            one.best = wording.best.encode()
            self.wordings.push_back(one)
        self.of_all = explainer.of_all
        self.policy, self.version = explainer.policy.encode(), explainer.version.encode()

    def why(self, kinds, const float[:, ::1] features, chosen, probabilities, rewards):
        """The reasons for the chosen one of k actions with features (k, p)."""
        codes = {kind: code for code, kind in enumerate(dict.fromkeys(["employee", *kinds]))}
        cdef vector[int] own = [codes[kind] for kind in kinds]
        cdef vector[double] shares = probabilities
        cdef vector[double] told = rewards or []
        cdef Situation now
        now.kinds, now.employee, now.rows = own.data(), 0, &features[0, 0]
        now.k, now.p, now.chosen = features.shape[0], features.shape[1], chosen
        now.probabilities = shares.data()
        now.rewards = NULL
        if not told.empty():
            now.rewards = told.data()
        cdef string[REASONS] reasons
        self.tell(now, reasons)
        return tuple([reasons[i].decode() for i in range(REASONS)])

    cdef void tell(self, const Situation& now, string* reasons) noexcept:
        """Three reasons, put behind what the three strings hold."""
        cdef Py_ssize_t i
        cdef size_t fact, facts, n = 0
        cdef size_t[REASONS] found
        cdef double own = now.probabilities[now.chosen], most = own
        for i in range(now.k):
            most = now.probabilities[i] if now.probabilities[i] > most else most
        if now.k == 1:
            reasons[n].append(b"the only eligible action")
            n += 1
        elif own < most:
            reasons[n].append(b"explored: drawn with probability ")
            put_general(reasons[n], own, 2)
            reasons[n].append(b", where the most probable action had ")
            put_general(reasons[n], most, 2)
            n += 1
        if now.rewards != NULL:
            put_reward(reasons[n], now)
            n += 1
        facts = self.choose(now, REASONS - n, found)
        for fact in found[:facts]:
            put_fact(reasons[n], now, self.wordings[fact], fact >= self.of_all)
            n += 1
        if n < REASONS:
            reasons[n].append(b"probability ")
            put_general(reasons[n], own, 2)
            reasons[n].append(b" under ").append(self.policy).append(b", ")
            put_rank(reasons[n], now.probabilities, now.k, now.chosen)
            n += 1
        if n < REASONS:
            put_integer(reasons[n], now.k)
            reasons[n].append(b" eligible actions were compared")
            n += 1
        if n < REASONS:
            reasons[n].append(b"decided by ").append(self.policy)
            reasons[n].append(b", version ").append(self.version)

    cdef size_t choose(self, const Situation& now, size_t number, size_t* found) noexcept:
        """The wordings in which the chosen action stands out most, at most so many; how many."""
        cdef size_t i, j, n = 0
        cdef Py_ssize_t row, size
        cdef bint within
        cdef double gap, total, square, mean, variance, lead
        cdef double[REASONS] leads
        for i in range(self.wordings.size()):
            within = i >= self.of_all
            if within and now.kinds[now.chosen] != now.employee:
                break
            total = square = 0.0
            size = 0
            for row in range(now.k):
                if not within or now.kinds[row] == now.employee:
                    gap = gap_of(now, row, self.wordings[i].column)
                    total += gap
                    square += gap * gap
                    size += 1
            if square <= 0.0 and self.wordings[i].bonus == 0.0:
                continue
            mean = total / size
            variance = square / size - mean * mean
            lead = self.wordings[i].bonus
            if square > 0.0 and variance > 0.0:
                lead = -self.wordings[i].sign * mean / sqrt(variance) + self.wordings[i].bonus
            j = n if n < number else number
            while j > 0 and lead > leads[j - 1]:
                if j < number:
                    leads[j], found[j] = leads[j - 1], found[j - 1]
                j -= 1
            if j < number:
                leads[j], found[j] = lead, i
                n = n + 1 if n < number else n
        return n


cdef inline double gap_of(const Situation& now, Py_ssize_t row, Py_ssize_t column) noexcept:
    """By how much an action's value exceeds that of the chosen one."""
    cdef double own = now.rows[now.chosen * now.p + column]
    return now.rows[row * now.p + column] - own


cdef void put_reward(string& out, const Situation& now) noexcept:
    """What the chosen action is predicted to earn, beside the best of the others."""
    cdef Py_ssize_t i, k = now.k, chosen = now.chosen
    cdef double own = now.rewards[chosen], best = 0.0
    cdef bint any_other = False
    out.append(b"predicted reward ")
    put_fixed(out, own, 2)
    out.append(b" EUR")
    for i in range(k):
        if i != chosen and (not any_other or now.rewards[i] > best):
            best, any_other = now.rewards[i], True
    if not any_other:
        return
    if own >= best:
        out.append(b" against ")
        put_fixed(out, best, 2)
        out.append(b" EUR for the second best")
        return
    out.append(b", ")
    put_rank(out, now.rewards, k, chosen)
    out.append(b" (best ")
    put_fixed(out, best, 2)
    out.append(b" EUR)")


cdef void put_rank(string& out, const double* values, Py_ssize_t k, Py_ssize_t chosen) noexcept:
    """Where the chosen value stands among all, the highest first."""
    cdef Py_ssize_t i, better = 0, equal = 0
    for i in range(k):
        better += values[i] > values[chosen]
        equal += values[i] == values[chosen]
    put_place(out, better, equal, k, b"highest")


cdef void put_place(
    string& out, Py_ssize_t better, Py_ssize_t equal, Py_ssize_t size, const string& best
) noexcept:
    """Like "shortest of 7" or "equal 3rd shortest of 7"."""
    cdef Py_ssize_t rank = better + 1
    if equal > 1:
        out.append(b"equal ")
    if better:
        put_integer(out, rank)
        if 10 <= rank % 100 <= 20:
            out.append(b"th ")
        elif rank % 10 == 1:
            out.append(b"st ")
        elif rank % 10 == 2:
            out.append(b"nd ")
        elif rank % 10 == 3:
            out.append(b"rd ")
        else:
            out.append(b"th ")
    out.append(best).append(b" of ")
    put_integer(out, size)


cdef void put_fact(string& out, const Situation& now, const Wording& told, bint within) noexcept:
    """A value of the chosen action beside those of the others, or of those of its kind."""
    cdef Py_ssize_t row, size = 0, better = 0, equal = 0
    cdef double own = now.rows[now.chosen * now.p + told.column], gap, total = 0.0
    for row in range(now.k):
        if not within or now.kinds[row] == now.employee:
            gap = gap_of(now, row, told.column)
            total += gap
            better += gap * told.sign > 0.0
            equal += gap == 0.0
            size += 1
    out.append(told.label).append(b" ")
    put_number(out, own, told.unit)
    if size == 1:
        return
    out.append(b", ")
    put_place(out, better, equal, size, told.best)
    out.append(b" (")
    put_number(out, own + total / (size - 1), told.unit)
    out.append(b" on average elsewhere)")


cdef void put_number(string& out, double value, const string& unit) noexcept:
    """To three digits, with its unit."""
    if fabs(value) >= 100.0:
        put_fixed(out, value, 0)
    else:
        put_general(out, value, 3)
    if not unit.empty():
        out.append(b" ").append(unit)
