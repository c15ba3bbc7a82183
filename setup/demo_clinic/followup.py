def build_followup(env, clinic, company, today):
    pass


def adopt_main_company(env):
    pass
